/* SPDX-License-Identifier: MIT */
/*
 * The driver of the HPET's counter and comparators. Message and enable bits are the library's.
 *
 * Timers match once, in 64-bit mode, with a counter that starts at 0 and does not get far: only the
 * lower half of a comparator changes. A comparator that the counter has already passed matches at
 * once on QEMU and never on hardware; delays are long against a register write.
 * Sources: [HPET] 2.3 (registers), 2.3.8 (timers); [VTD] 8.3.1 (device scopes).
 * Locking: a timer belongs to CPU 0 while nothing is armed, else to its handler.
 */
#include "hpet.h"

#include <stddef.h>

#include <mirq/bus.h>
#include <mirq/host.h>
#include <mirq/hpet.h>

#include "console.h"
#include "mirq_port.h"
#include "mmio.h"
#include "scenario.h"
#include "show.h"
#include "wait.h"
#include "witness.h"

#define HPET_CAPABILITIES 0x000
#define HPET_PERIOD 0x004
#define HPET_CONFIG 0x010
#define HPET_COUNTER 0x0f0
#define HPET_TIMER(n) (0x100 + 0x20 * (n))
#define HPET_COMPARATOR(n) (HPET_TIMER(n) + 8)

#define HPET_CONFIG_ENABLE 1u
#define HPET_CONFIG_LEGACY 2u
/* Level, enable, periodic, 32 bits, by message. */
#define HPET_TIMER_OFF ~(0x410eu)
#define HPET_NEVER 0x7fffffffu /* upper half of a comparator */
#define FS_PER_NS 1000000u
#define MATCH_NS 100000
#define NEXT_LIMIT_NS 5000000

static struct mirq_hpet hpet;
static struct mirq_store *store;
static struct hpet_timer timers[HPET_MAX_TIMERS];
static uint32_t nr_timers, nr_moves;
static bool is_beside;

/* Where its messages go: below the unit that the DMAR names for it, else below the root. */
static bool find_scope(const struct mirq_x86_hpet *found, struct mirq_pci_address *out)
{
	const struct mirq_x86_machine *m = port_machine();

	for (uint32_t u = 0; u < m->nr_units; u++) {
		for (uint32_t i = m->units[u].scopes.first; i < m->units[u].scopes.limit; i++) {
			const struct mirq_x86_scope *s = &m->scopes[i];

			/* A path through bridges is more than this kernel follows. */
			if (s->type != MIRQ_X86_SCOPE_HPET || s->enumeration_id != found->number ||
			    s->nr_steps != 1)
				continue;
			out->segment = m->units[u].segment;
			out->rid = (uint16_t)(s->first_bus << 8 | s->steps[0].device << 3 |
					      s->steps[0].function);
			return true;
		}
	}
	return false;
}

static enum mirq_err attach(const struct mirq_x86_hpet *found, struct mirq_why *why)
{
	struct mirq_pci_address sender = { 0, 0 };
	struct mirq_device_init device = { MIRQ_SIZED(mirq_device_init), .name = "hpet",
					   .why = why };
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .kind = &mirq_hpet_kind,
					.data = &hpet, .nr_slots = HPET_MAX_TIMERS, .why = why };
	struct mirq_range ids;
	struct mirq_device *dev;
	enum mirq_err err;

	is_beside = !find_scope(found, &sender);
	if (!is_beside) {
		ids = (struct mirq_range){ sender.rid, sender.rid + 1u };
		device.parent = mirq_link_find(port_mirq(), sender.segment, sender.rid);
		device.requesters = (struct mirq_requesters){ .ids = &ids,
							      .nr_ids = 1,
							      .segment = sender.segment };
	}
	err = mirq_device_attach(port_mirq(), &device, &dev);
	return err ? err : mirq_store_attach(dev, &init, &store);
}

/* Nothing is enabled by anybody else: the kernel's clock is the TSC. */
static void stop_timers(void)
{
	uint32_t last = mmio_read32(hpet.regs.base, HPET_CAPABILITIES) >> 8 & 31;
	uint32_t config = mmio_read32(hpet.regs.base, HPET_CONFIG);

	config &= ~(HPET_CONFIG_ENABLE | HPET_CONFIG_LEGACY);
	mmio_write32(hpet.regs.base, HPET_CONFIG, config);
	for (uint32_t i = 0; i <= last && HPET_TIMER(i + 1) <= MIRQ_HPET_BYTES; i++) {
		mmio_write32(hpet.regs.base, HPET_TIMER(i),
			     mmio_read32(hpet.regs.base, HPET_TIMER(i)) & HPET_TIMER_OFF);
		mmio_write32(hpet.regs.base, HPET_COMPARATOR(i) + 4, HPET_NEVER);
	}
	mmio_write32(hpet.regs.base, HPET_COUNTER, 0);
	mmio_write32(hpet.regs.base, HPET_COUNTER + 4, 0);
	mmio_write32(hpet.regs.base, HPET_CONFIG, config | HPET_CONFIG_ENABLE);
}

static bool take(struct platform_irq *p)
{
	struct hpet_timer *t = (struct hpet_timer *)p;
	uint32_t nr_left = __atomic_load_n(&t->nr_left, __ATOMIC_ACQUIRE);

	if (nr_left)
		hpet_arm(t, t->delay_ns, nr_left - 1);
	return true;
}

uint32_t hpet_open(void)
{
	const struct mirq_x86_machine *m = port_machine();
	struct mirq_why why = { .text = NULL };
	uint32_t capable;
	enum mirq_err err;

	if (m->nr_hpets)
		hpet.regs = (struct mirq_regs){ .host = port_host(),
						.limit_bytes = MIRQ_HPET_BYTES,
						.base = mirq_host_map(
							port_host(), m->hpets[0].address,
							MIRQ_HPET_BYTES, MIRQ_MAP_REGISTERS) };
	capable = hpet.regs.base ? mirq_hpet_timers(&hpet) : 0;
	if (!capable) {
		print("hpet: no timer interrupts by message\n");
		return 0;
	}
	err = attach(&m->hpets[0], &why);
	if (err) {
		show_why("hpet", err, &why);
		return 0;
	}
	stop_timers();
	for (uint32_t i = 0; i < HPET_MAX_TIMERS; i++)
		if (capable >> i & 1)
			timers[nr_timers++] = (struct hpet_timer){ .number = i, .is_parked = true };
	print("hpet: %u timers interrupt by message; %s\n", nr_timers,
	      !m->nr_units ? "no remapper"
	      : is_beside  ? "no device scope names it: beside the remapper"
			   : "through the unit that its scope names");
	return nr_timers;
}

struct hpet_timer *hpet_at(uint32_t index)
{
	return &timers[index];
}

bool hpet_request(struct hpet_timer *t, uint32_t cpu)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .at = { t->number, t->number + 1 },
				      .cpus = mirq_cpus_one(cpu), .why = &why };
	enum mirq_err err = mirq_irq_alloc(store, &want, &t->p.irq);

	t->p.name = "hpet";
	t->p.take = take;
	t->p.has_load = true;
	if (err)
		show_why("hpet", err, &why);
	return !err && platform_request(&t->p);
}

/* Order: lower half, then out of the parking place. */
static void match_at(struct hpet_timer *t, uint64_t delay_ns)
{
	uint64_t ticks = delay_ns * FS_PER_NS / mmio_read32(hpet.regs.base, HPET_PERIOD);
	uint32_t now = mmio_read32(hpet.regs.base, HPET_COUNTER);

	if (now + ticks > UINT32_MAX)
		report_failure("hpet: the counter is beyond 32 bits");
	mmio_write32(hpet.regs.base, HPET_COMPARATOR(t->number), (uint32_t)(now + ticks));
	if (t->is_parked)
		mmio_write32(hpet.regs.base, HPET_COMPARATOR(t->number) + 4, 0);
	t->is_parked = false;
}

void hpet_arm(struct hpet_timer *t, uint64_t delay_ns, uint32_t nr_more)
{
	t->delay_ns = delay_ns;
	__atomic_store_n(&t->nr_left, nr_more, __ATOMIC_RELEASE);
	platform_count_raised(&t->p);
	match_at(t, delay_ns);
}

void hpet_arm_all(uint64_t delay_ns, uint32_t nr)
{
	for (uint32_t i = 0; i < nr_timers; i++)
		hpet_arm(&timers[i], delay_ns, nr - 1);
}

static bool is_matching(void)
{
	for (uint32_t i = 0; i < nr_timers; i++)
		if (__atomic_load_n(&timers[i].nr_left, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

/* The chains end by themselves. A match that does not come is hpet_wait_all()'s to tell. */
static void wait_for_match(const struct hpet_timer *t, uint64_t nr_before)
{
	struct wait w = { 0, 0 };

	while (platform_nr_handled(&t->p) == nr_before && wait_more(&w, NEXT_LIMIT_NS))
		;
}

/* The nth move is of timer n modulo their number; each goes round the CPUs. */
bool hpet_move_next(void)
{
	uint32_t i = nr_moves % nr_timers, cpu = (nr_moves / nr_timers + 1 + i) % cpu_nr();

	if (cpu_nr() == 1)
		return true;
	nr_moves++;
	return platform_move(&timers[i].p, cpu);
}

uint32_t hpet_nr_moves(void)
{
	return nr_moves;
}

void hpet_move_all(void)
{
	while (cpu_nr() > 1 && is_matching()) {
		struct hpet_timer *t = &timers[nr_moves % nr_timers];
		uint64_t nr_before = platform_nr_handled(&t->p);

		if (!hpet_move_next())
			return;
		wait_for_match(t, nr_before);
	}
}

bool hpet_wait_all(void)
{
	bool is_good = true;

	for (uint32_t i = 0; i < nr_timers; i++)
		is_good &= platform_wait(&timers[i].p);
	return is_good;
}

void hpet_match_uncounted(struct hpet_timer *t)
{
	match_at(t, MATCH_NS);
}

/* Parked: QEMU lets a timer match that is enabled behind its comparator. */
void hpet_free(struct hpet_timer *t)
{
	platform_free(&t->p);
	if (is_beside && port_machine()->nr_units)
		witness_expect(WITNESS_DIRECT, (uint32_t)t->p.nr_raised);
	mmio_write32(hpet.regs.base, HPET_COMPARATOR(t->number) + 4, HPET_NEVER);
	t->is_parked = true;
}
