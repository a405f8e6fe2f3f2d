/* SPDX-License-Identifier: MIT */
/*
 * fake_ims.c - see fake_ims.h. The base of registers is the fake itself: what the library gives
 * to the four functions below comes here.
 */
#include "fake_ims.h"

#include <stdio.h>

#include "core/core.h"

void fake_ims_note(struct fake_ims *f, const char *format, ...)
{
	va_list args;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(f->trace + f->trace_bytes, sizeof(f->trace) - f->trace_bytes, format,
			  args);
	va_end(args);
	assert_true(bytes >= 0 && f->trace_bytes + (size_t)bytes < sizeof(f->trace));
	f->trace_bytes += (size_t)bytes;
}

void fake_ims_expect(struct fake_ims *f, const char *trace)
{
	f->trace[f->trace_bytes] = 0;
	assert_string_equal(f->trace, trace);
	f->trace_bytes = 0;
	f->trace[0] = 0;
}

static struct fake_ims *fake_of(const struct mirq_regs *r, uint32_t offset, uint32_t bytes)
{
	assert_int_equal(offset % bytes, 0);
	assert_true(offset + bytes <= r->limit_bytes && offset + bytes <= 4 * FAKE_WORDS);
	return (struct fake_ims *)(uintptr_t)r->base;
}

static void fake_store(struct fake_ims *f, uint32_t offset, uint32_t value)
{
	if (f->is_gone)
		return;
	if (f->write)
		f->write(f, offset, value);
	else
		f->words[offset / 4] = value;
}

uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset)
{
	struct fake_ims *f = fake_of(r, offset, 4);

	if (f->read)
		f->read(f, offset);
	fake_ims_note(f, "R%03x ", offset);
	if (f->nr_unanswered) {
		f->nr_unanswered--;
		return UINT32_MAX;
	}
	return f->is_gone ? UINT32_MAX : f->words[offset / 4];
}

void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset, uint32_t value)
{
	struct fake_ims *f = fake_of(r, offset, 4);

	fake_ims_note(f, "W%03x=%x ", offset, value);
	fake_store(f, offset, value);
}

uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset)
{
	return fake_of(r, offset, 8)->words[offset / 4] |
	       (uint64_t)fake_of(r, offset, 8)->words[offset / 4 + 1] << 32;
}

/* One access: the high half is there when the decode sees the low one. */
void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset, uint64_t value)
{
	struct fake_ims *f = fake_of(r, offset, 8);

	fake_ims_note(f, "D%03x=%llx ", offset, (unsigned long long)value);
	if (!f->is_gone)
		f->words[offset / 4 + 1] = (uint32_t)(value >> 32);
	fake_store(f, offset, (uint32_t)value);
}

struct mirq_regs fake_ims_regs(struct fake_ims *f, uint32_t limit_bytes)
{
	struct mirq_regs regs = { &f->mock->host, f, limit_bytes };

	return regs;
}

static void fake_new(struct fake_ims *f, int has_table, enum mirq_guest guest)
{
	struct mirq_device *other;
	struct mirq_irqs irqs;

	memset(f, 0, sizeof(*f));
	f->mock = mock_new();
	f->mock->root.init.carries |= MIRQ_CARRIES_DEVICE_STORES;
	f->mock->root.init.traits |= MIRQ_ROOT_ADDRESS_HAS_TARGET;
	f->mock->root.init.guest = guest;
	mock_start(f->mock, 4);
	f->way = has_table ? mock_table(f->mock)->domain : NULL;
	f->dev = mock_device(f->mock, "dev", f->way);
	other = mock_device(f->mock, "other", NULL);
	f->near = mock_store(f->mock, MOCK_MSIX, "near", 16);
	mock_store_attach(f->near, other);
	f->other.mock = f->mock;
	for (uint32_t i = 0; i < MOCK_NR(f->a); i++)
		f->a[i].mock = f->mock;
	/* Three ids on each CPU: the lowest, which is what a torn message would hit. */
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		for (uint32_t i = 0; i < 3; i++) {
			irqs = mock_alloc_on(f->near, 1, cpu);
			mock_request(irqs, &f->other);
		}
	mock_log_clear(f->mock);
}

void fake_ims_new(struct fake_ims *f, int has_table)
{
	fake_new(f, has_table, MIRQ_GUEST_NO);
}

void fake_ims_new_guest(struct fake_ims *f, int has_table)
{
	fake_new(f, has_table, MIRQ_GUEST_YES);
}

static uint64_t nr_stray(struct fake_ims *f)
{
	uint64_t nr = 0;

	for (uint32_t cpu = 0; cpu < 4; cpu++)
		nr += atomic_load(&f->mock->m->cpus[cpu].nr_stray);
	return nr;
}

void fake_ims_free(struct fake_ims *f)
{
	(void)mock_deliver(f->mock);
	assert_int_equal(f->other.nr, 0);
	assert_int_equal(nr_stray(f), 0);
	assert_int_equal(f->mock->nr_unrouted, 0);
	mock_sound(f->mock);
	mock_free(f->mock);
}

enum mirq_err fake_ims_try(struct fake_ims *f, const struct mirq_store_template *kind, void *data,
			   uint32_t nr_slots, struct mirq_store **out_store)
{
	struct mirq_store_init init = {
		MIRQ_SIZED(mirq_store_init), .kind = kind,         .data = data,
		.nr_slots = nr_slots,        .why = &f->mock->why,
	};

	return mirq_store_attach(f->dev, &init, out_store);
}

struct mirq_store *fake_ims_attach(struct fake_ims *f, const struct mirq_store_template *kind,
				   void *data, uint32_t nr_slots)
{
	struct mirq_store *store = NULL;

	assert_int_equal(fake_ims_try(f, kind, data, nr_slots, &store), MIRQ_OK);
	return store;
}

enum mirq_err fake_ims_alloc(struct mirq_store *store, uint32_t first, uint32_t nr, uint32_t cpu,
			     const uint64_t *cookies, struct mirq_irqs *out_irqs)
{
	struct mirq_irq_want want = {
		MIRQ_SIZED(mirq_irq_want),  .nr = nr,           .at = { first, first + nr },
		.cpus = mirq_cpus_one(cpu), .cookies = cookies,
	};

	return mirq_irq_alloc(store, &want, out_irqs);
}

enum mirq_err fake_ims_move(struct mirq_irqs irqs, uint32_t cpu)
{
	return mirq_affinity_set(irqs, mirq_cpus_one(cpu), NULL);
}

void fake_ims_release(struct mirq_irqs irqs)
{
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
}

void fake_ims_send(struct fake_ims *f, uint64_t address, uint32_t data)
{
	struct mirq_msg msg = { address, data };

	f->nr_sent++;
	mock_send(f->mock, f->way, msg);
}

uint32_t fake_ims_quarantined(struct fake_ims *f)
{
	struct mirq_info info;

	mirq_inspect(f->mock->m, &info);
	return info.nr_quarantined;
}
