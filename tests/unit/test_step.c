/* SPDX-License-Identifier: MIT */
/*
 * test_step.c - slots that can neither be masked nor change their message at once move word by
 * word, by a message in between (src/core/step.c; docs/design.md 8; I4). A device is modelled that
 * reads the words of its message one at a time, at any two moments of a move between which nobody
 * has read back from it: whatever it makes of them is this interrupt's.
 *
 * Breaks of the core that were tried, each found here: the address first; no message in between;
 * no read after it; its id not taken on the old CPU, not given back when the move is refused; its
 * cell not set, buried, retired; retired before the slot was told it, or before the second read;
 * not opened at a root that masks; the old id kept though it is taken on the new CPU; words or the
 * upper address not counted; a second move that waits for the old id only; ids of the old CPU not
 * waited for; only the fullest CPU looked at; a slot moved that is on without being requested.
 */
#include "mock.h"

#include "core/core.h"

struct rig {
	struct mock *m;
	struct mirq_device *dev;
	struct mock_store *s, *near;
	struct mirq_irqs irqs, others;
	struct mock_action a[16], other[200];
};

static void rig_begin(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	r->m->root.init.traits |= MIRQ_ROOT_ADDRESS_HAS_TARGET;
}

/* CPUs; a device below @parent with a store that has no mask and words of its own. */
static void rig_devices(struct rig *r, struct mirq_domain *parent, enum mirq_update update,
			uint32_t nr_slots)
{
	r->dev = mock_device(r->m, "dev", parent);
	r->s = mock_store(r->m, MOCK_PLAIN, "torn", nr_slots);
	r->s->kind.update = update;
	r->near = mock_store(r->m, MOCK_MSIX, "near", 768);
	for (uint32_t i = 0; i < MOCK_NR(r->a); i++)
		r->a[i].mock = r->m;
	for (uint32_t i = 0; i < MOCK_NR(r->other); i++)
		r->other[i].mock = r->m;
}

/* @nr others are requested on @cpu: their ids are the lowest there. */
static struct mirq_irqs crowd(struct rig *r, uint32_t nr, uint32_t cpu)
{
	struct mirq_irqs irqs = mock_alloc_on(r->near, nr, cpu);

	mock_request(irqs, r->other);
	return irqs;
}

/* One interrupt of that store, (1, 32), and another one's at (2, 32): the way to CPU 2 leads by
 * (1, 33). */
static void rig_new(struct rig *r, enum mirq_update update)
{
	rig_begin(r);
	mock_start(r->m, 4);
	rig_devices(r, NULL, update, 8);
	mock_store_attach(r->s, r->dev);
	mock_store_attach(r->near, r->dev);
	r->irqs = mock_alloc_on(r->s, 1, 1);
	mock_request(r->irqs, r->a);
	r->others = crowd(r, 1, 2);
	mock_log_clear(r->m);
	mock_forget(r->m);
}

static enum mirq_err move(struct rig *r, struct mirq_irqs irqs, uint32_t cpu)
{
	memset(&r->m->why, 0, sizeof(r->m->why));
	return mirq_affinity_set(irqs, mirq_cpus_one(cpu), &r->m->why);
}

static void serve(struct rig *r)
{
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		mirq_hosted_serve(&r->m->host, cpu);
}

static uint32_t used_on(struct rig *r, uint32_t cpu)
{
	struct mirq_cpu_info info;

	serve(r);
	assert_int_equal(mirq_cpu_inspect(r->m->m, cpu, &info), MIRQ_OK);
	return info.nr_used;
}

static uint64_t late_and_stray(struct rig *r)
{
	struct mirq_cpu_info info;
	uint64_t nr = 0;

	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		assert_int_equal(mirq_cpu_inspect(r->m->m, cpu, &info), MIRQ_OK);
		nr += info.nr_late + info.nr_stray;
	}
	return nr;
}

static uint32_t nr_quarantined(struct rig *r)
{
	struct mirq_info info;

	mirq_inspect(r->m->m, &info);
	return info.nr_quarantined;
}

static uint32_t cpu_of(struct mirq_irqs irqs)
{
	uint32_t cpu = UINT32_MAX;

	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_OK);
	return cpu;
}

/* Everything that was taken for the move has been given back. */
static void settled_on(struct rig *r, uint32_t cpu)
{
	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(used_on(r, i), (i == 2) + (i == cpu));
	assert_int_equal(nr_quarantined(r), 0);
	assert_int_equal(cpu_of(r->irqs), cpu);
	mock_sound(r->m);
}

static void end(struct rig *r)
{
	for (uint32_t i = 0; i < MOCK_NR(r->other); i++)
		assert_int_equal(r->other[i].nr, 0);
	assert_int_equal(r->m->nr_unrouted, 0);
	mock_free(r->m);
}

/* ---- what hardware sees ---- */

static void step__new_id_first__then_the_cpu(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
	mock_expect(r.m, "torn.write 0 10001100/21\n"
			 "torn.flush\n"
			 "torn.write 0 10001200/21\n"
			 "torn.flush\n");
	settled_on(&r, 2);
	mock_fire(r.s, 0);
	mock_expect(r.m, "root.eoi 2:33\n");
	assert_int_equal(r.a[0].nr, 1);
	end(&r);
}

static void step__old_id_free_there__is_one_write(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	assert_int_equal(move(&r, r.irqs, 3), MIRQ_OK);
	mock_expect(r.m, "torn.write 0 10001300/20\ntorn.flush\n");
	settled_on(&r, 3);
	end(&r);
}

static void step__of_a_range__reads_back_twice(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	irqs = mock_alloc_on(r.s, 7, 1);
	mock_request(irqs, &r.a[1]);
	mock_log_clear(r.m);
	irqs.slots.first = 0; /* 32 must step, 33 to 39 need not */
	assert_int_equal(mirq_irq_count(irqs), 8);
	mock_forget(r.m);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(mock_count(r.m, "torn.flush"), 2);
	assert_int_equal(mock_count(r.m, "torn.write"), 9);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(used_on(&r, 2), 9);
	for (uint32_t i = 0; i < 8; i++) {
		mock_fire(r.s, i);
		assert_int_equal(r.a[i].nr, 1);
	}
	assert_int_equal(late_and_stray(&r), 0);
	mock_sound(r.m);
	end(&r);
}

static void step__store_that_sleeps__has_a_window_for_each_word(void **state)
{
	struct mirq_store_ops ops;
	struct mock_store *slow;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	slow = mock_store(r.m, MOCK_SLEEPS, "slow", 1);
	ops = slow->ops;
	slow->ops = r.s->ops;
	slow->ops.begin = ops.begin;
	slow->ops.commit = ops.commit;
	slow->kind.traits = MIRQ_STORE_OF_BUS;
	slow->kind.masking = MIRQ_MASKS_NOTHING;
	mock_store_attach(slow, r.dev);
	irqs = mock_alloc_on(slow, 1, 2); /* (2, 33) */
	mock_request(irqs, &r.a[1]);
	(void)crowd(&r, 34, 3);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	mock_expect(r.m, "slow.begin\n"
			 "slow.write 0 10001200/42\n"
			 "slow.commit\n"
			 "slow.flush\n"
			 "slow.begin\n"
			 "slow.write 0 10001300/42\n"
			 "slow.commit\n"
			 "slow.flush\n");
	mock_sound(r.m);
	end(&r);
}

/* A store whose mask loses events is not masked to move. */
static void step__mask_that_loses__is_not_used(void **state)
{
	struct mock_store *lossy;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	lossy = mock_store(r.m, MOCK_MSIX, "lossy", 1);
	lossy->kind.traits |= MIRQ_STORE_MASK_LOSES;
	mock_store_attach(lossy, r.dev);
	irqs = mock_alloc_on(lossy, 1, 2);
	mock_request(irqs, &r.a[1]);
	(void)crowd(&r, 34, 3);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	mock_expect(r.m, "lossy.write 0 10001200/42\n"
			 "lossy.flush\n"
			 "lossy.write 0 10001300/42\n"
			 "lossy.flush\n");
	mock_sound(r.m);
	end(&r);
}

static void step__behind_a_table__is_not_made(void **state)
{
	struct mock_remapper *table;
	struct rig r;

	(void)state;
	rig_begin(&r);
	mock_start(r.m, 4);
	table = mock_table(r.m);
	rig_devices(&r, table->domain, MIRQ_UPDATE_WORDS, 8);
	mock_store_attach(r.s, r.dev);
	mock_store_attach(r.near, r.dev);
	r.irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(r.irqs, r.a);
	(void)crowd(&r, 1, 2);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
	mock_expect(r.m, "table.program 0>2:33\ntable.flush 0\n");
	settled_on(&r, 2);
	end(&r);
}

static void step__not_requested_and_off__needs_none(void **state)
{
	struct mock_store *msix;
	struct rig r;

	(void)state;
	for (uint32_t is_off = 0; is_off < 2; is_off++) {
		rig_begin(&r);
		mock_start(r.m, 4);
		rig_devices(&r, NULL, MIRQ_UPDATE_WORDS, 2);
		msix = mock_store(r.m, MOCK_MSIX, "msix", 1);
		if (is_off) {
			r.s->ops.enable = msix->ops.enable;
			r.s->ops.disable = msix->ops.disable;
		}
		mock_store_attach(r.s, r.dev);
		mock_store_attach(r.near, r.dev);
		r.irqs = mock_alloc_on(r.s, 1, 1);
		(void)crowd(&r, 1, 2);
		/* Never told anything. */
		assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
		assert_int_equal(move(&r, r.irqs, 1), MIRQ_OK);
		mock_request(r.irqs, r.a);
		assert_int_equal(mirq_irq_release(r.irqs, NULL), MIRQ_OK);
		mock_log_clear(r.m);
		assert_int_equal(move(&r, r.irqs, 2), is_off ? MIRQ_OK : MIRQ_ENOTSUP);
		mock_expect(r.m, "");
		settled_on(&r, 2 - !is_off);
		mock_request(r.irqs, r.a);
		mock_fire(r.s, 0);
		assert_int_equal(r.a[0].nr, 1);
		end(&r);
	}
}

/* A neighbour keeps the store on. */
static void step__not_requested_but_on__is_pinned(void **state)
{
	struct mock_store *msix;
	struct mirq_irqs two;
	struct rig r;

	(void)state;
	rig_begin(&r);
	mock_start(r.m, 4);
	rig_devices(&r, NULL, MIRQ_UPDATE_WORDS, 2);
	msix = mock_store(r.m, MOCK_MSIX, "msix", 1);
	r.s->ops.enable = msix->ops.enable;
	r.s->ops.disable = msix->ops.disable;
	mock_store_attach(r.s, r.dev);
	two = mock_alloc_on(r.s, 2, 1);
	mock_request(two, r.a);
	assert_int_equal(mirq_irq_release(mirq_irq_at(two, 0), NULL), MIRQ_OK);
	assert_int_equal(move(&r, mirq_irq_at(two, 0), 2), MIRQ_ENOTSUP);
	assert_non_null(strstr(r.m->why.text, "on without being requested"));
	assert_int_equal(move(&r, mirq_irq_at(two, 1), 2), MIRQ_OK);
	mock_sound(r.m);
	end(&r);
}

/* Nothing switches it off, and the message that it was told before the read failed is whole. */
static void step__request_failed_after_it_was_told__is_pinned(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	assert_int_equal(mirq_irq_free(r.irqs), MIRQ_OK);
	r.irqs = mock_alloc_on(r.s, 1, 1);
	mock_fail(r.m, "torn.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(mock_request_try(r.irqs, r.a, 0, NULL), MIRQ_EIO);
	mock_fail_never(r.m);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_ENOTSUP);
	assert_non_null(strstr(r.m->why.text, "on without being requested"));
	mock_request(r.irqs, r.a);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
	settled_on(&r, 2);
	end(&r);
}

/* ---- every mix of words ---- */

enum {
	LO,
	HI,
	DATA,
	NR_WORDS
};

/*
 * A device that reads some words of its message at moment .first and the others at .last, then
 * sends. A read of the device (flush) completes behind what the device had begun.
 */
struct sampler {
	struct rig *r;
	uint32_t words[NR_WORDS];
	uint32_t now, first, last;
	uint32_t early;   /* a bit per word: read at .first */
	uint32_t is_open; /* some words were read */
	uint32_t taken[NR_WORDS];
	uint32_t takes_now; /* CPUs take it at once, else after the move */
	uint32_t is_sent;
};

static void sampler_send(struct sampler *t)
{
	struct mirq_msg msg;

	for (uint32_t i = 0; i < NR_WORDS; i++)
		if (!(t->early >> i & 1))
			t->taken[i] = t->words[i];
	t->is_open = 0;
	t->is_sent = 1;
	msg.address = (uint64_t)t->taken[HI] << 32 | t->taken[LO];
	msg.data = t->taken[DATA];
	mock_send(t->r->m, NULL, msg);
	/* Not CPU 0: it may hold a lock with interrupts off. */
	for (uint32_t cpu = 1; t->takes_now && cpu < 4; cpu++)
		while (mock_take(t->r->m, cpu))
			;
}

/* A moment of the device's: between any two things that software does. */
static void moment(struct sampler *t)
{
	uint32_t now = t->now++;

	if (now == t->first) {
		memcpy(t->taken, t->words, sizeof(t->taken));
		t->is_open = 1;
	}
	if (now >= t->last && t->is_open)
		sampler_send(t);
}

static void on_op(void *context, struct mock_domain *d, enum mock_op op)
{
	struct sampler *t = context;

	moment(t);
	if (op == MOCK_OP_FLUSH && d == &t->r->s->d && t->is_open)
		sampler_send(t);
}

static void (*write_mock)(const struct mirq_slot *slot, const struct mirq_msg msg[]);

/* Word by word, as src/stores/pci_msi.c does; the address at once where the store says so. */
static void write_words(const struct mirq_slot *slot, const struct mirq_msg msg[])
{
	const struct mock_store *s = slot->data;
	struct sampler *t = s->d.mock->hook_context;

	if (t) {
		moment(t);
		t->words[LO] = (uint32_t)msg->address;
		if (s->kind.update == MIRQ_UPDATE_WORDS)
			moment(t);
		t->words[HI] = (uint32_t)(msg->address >> 32);
		moment(t);
		t->words[DATA] = msg->data;
		moment(t);
	}
	write_mock(slot, msg);
}

struct mix {
	enum mirq_update update;
	uint32_t root_masks; /* ids of the root are opened one by one */
	uint32_t is_off;     /* the interrupt is disabled meanwhile */
	uint32_t first, last, early, takes_now;
};

static void mix_begin(struct rig *r, struct sampler *t, const struct mix *mix)
{
	rig_begin(r);
	if (mix->root_masks) {
		r->m->root.ops.mask = mock_root_all.mask;
		r->m->root.ops.unmask = mock_root_all.unmask;
	}
	mock_start(r->m, 4);
	rig_devices(r, NULL, mix->update, 1);
	write_mock = r->s->ops.write;
	r->s->ops.write = write_words;
	mock_store_attach(r->s, r->dev);
	mock_store_attach(r->near, r->dev);
	r->irqs = mock_alloc_on(r->s, 1, 1);
	mock_request(r->irqs, r->a);
	(void)crowd(r, 1, 2);
	if (mix->is_off)
		mirq_irq_disable(r->irqs);
	*t = (struct sampler){ .r = r,
			       .first = mix->first,
			       .last = mix->last,
			       .early = mix->early,
			       .takes_now = mix->takes_now };
	t->words[LO] = (uint32_t)r->s->slots[0].msg[0].address;
	t->words[DATA] = r->s->slots[0].msg[0].data;
	r->m->hook_context = t;
	r->m->hook = on_op;
}

/* One move with one message in the middle. 0: the move has fewer moments than .first. */
static int mix_run(const struct mix *mix)
{
	struct sampler t;
	struct rig r;

	mix_begin(&r, &t, mix);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
	r.m->hook = NULL;
	r.m->hook_context = NULL;
	if (t.is_open)
		sampler_send(&t);
	(void)mock_deliver(r.m);
	if (mix->is_off) {
		assert_int_equal(r.a[0].nr, 0);
		assert_int_equal(mirq_irq_enable(r.irqs), MIRQ_OK);
		(void)mock_deliver(r.m);
	}
	if (r.a[0].nr != t.is_sent || r.other[0].nr || late_and_stray(&r))
		fail_msg("moments %u and %u, early words %u: %llx/%x reached somebody else",
			 mix->first, mix->last, mix->early,
			 (unsigned long long)t.taken[HI] << 32 | t.taken[LO], t.taken[DATA]);
	settled_on(&r, 2);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, t.is_sent + 1);
	assert_int_equal(late_and_stray(&r), 0);
	end(&r);
	return t.is_sent;
}

static void step__every_mix_of_words_at_every_moment__is_its_own(void **state)
{
	static const enum mirq_update updates[] = { MIRQ_UPDATE_WORDS, MIRQ_UPDATE_64 };
	struct mix mix = { 0 };
	uint32_t nr = 0;

	(void)state;
	for (uint32_t u = 0; u < MOCK_NR(updates) * 8; u++) {
		mix.update = updates[u & 1];
		mix.root_masks = u >> 1 & 1;
		mix.is_off = u >> 2 & 1;
		mix.takes_now = u >> 3 & 1;
		/* Keeping an event takes the slot's lock, which whoever writes may hold. */
		if (mix.is_off && mix.takes_now)
			continue;
		for (mix.first = 0;; mix.first++) {
			mix.last = mix.first;
			mix.early = 7;
			if (!mix_run(&mix))
				break;
			for (mix.last++; mix.last < mix.first + 16; mix.last++)
				for (mix.early = 1; mix.early < 7; mix.early++)
					nr += (uint32_t)mix_run(&mix);
		}
		assert_true(mix.first >= 12);
	}
	print_message("%u mixes\n", nr);
	assert_true(nr > 10000);
}

/* ---- refusals ---- */

/* Of a move to CPU 2; nothing has changed. */
static void refused(struct rig *r, enum mirq_err err, const char *part, const char *where)
{
	uint32_t used[4];

	for (uint32_t cpu = 0; cpu < 4; cpu++)
		used[cpu] = used_on(r, cpu);
	mock_log_clear(r->m);
	assert_int_equal(move(r, r->irqs, 2), err);
	assert_non_null(r->m->why.text);
	if (!strstr(r->m->why.text, part))
		fail_msg("'%s' does not say '%s'", r->m->why.text, part);
	assert_string_equal(r->m->why.where, where);
	mock_expect(r->m, "");
	assert_int_equal(cpu_of(r->irqs), 1);
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		assert_int_equal(used_on(r, cpu), used[cpu]);
	mock_fire(r->s, 0);
	assert_int_equal(r->a[0].nr, 1);
	mock_sound(r->m);
}

static void step__no_drain_or_no_word_for_the_cpu__is_pinned(void **state)
{
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		rig_begin(&r);
		if (i)
			r.m->root.init.traits &= ~(uint32_t)MIRQ_ROOT_ADDRESS_HAS_TARGET;
		mock_start(r.m, 4);
		rig_devices(&r, NULL, MIRQ_UPDATE_WORDS, 1);
		if (!i)
			r.s->ops.flush = NULL;
		mock_store_attach(r.s, r.dev);
		mock_store_attach(r.near, r.dev);
		r.irqs = mock_alloc_on(r.s, 1, 1);
		mock_request(r.irqs, r.a);
		refused(&r, MIRQ_ENOTSUP, i ? "no word for the CPU" : "has no flush", "torn");
		end(&r);
	}
}

static void step__slots_that_share_a_message__stay_pinned(void **state)
{
	struct rig r;

	(void)state;
	rig_begin(&r);
	mock_start(r.m, 4);
	rig_devices(&r, NULL, MIRQ_UPDATE_WORDS, 2);
	r.s->kind.traits |= MIRQ_STORE_ONE_MESSAGE;
	mock_store_attach(r.s, r.dev);
	r.irqs = mock_alloc_on(r.s, 2, 1);
	mock_request(r.irqs, r.a);
	refused(&r, MIRQ_ENOTSUP, "share a message", "torn");
	assert_int_equal(mirq_irq_free(r.irqs), MIRQ_OK);
	/* One alone moves. */
	r.irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(r.irqs, r.a);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
	end(&r);
}

/* A window that lies across 4 GiB: CPU 1 is named below, CPU 2 above. */
static void rig_window(struct rig *r, enum mirq_update update)
{
	struct mock_remapper *shim;

	rig_begin(r);
	mock_start(r->m, 4);
	shim = mock_shim_new(r->m, "window");
	shim->offset = UINT64_C(0x100000000) - 0x10001200;
	shim->limit_address = UINT64_C(0x200000000);
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	rig_devices(r, shim->domain, update, 1);
	mock_store_attach(r->s, r->dev);
	mock_store_attach(r->near, r->dev);
	r->irqs = mock_alloc_on(r->s, 1, 1);
	mock_request(r->irqs, r->a);
	assert_int_equal(r->s->slots[0].msg[0].address, 0xffffff00);
}

static void step__upper_address_changes_too__is_pinned(void **state)
{
	struct rig r;

	(void)state;
	for (uint32_t nr_others = 0; nr_others < 2; nr_others++) {
		rig_window(&r, MIRQ_UPDATE_WORDS);
		if (nr_others)
			(void)crowd(&r, 1, 2);
		refused(&r, MIRQ_ENOTSUP, "two would have to", "torn");
		assert_int_equal(r.m->why.value, UINT64_C(0x100000000));
		/* The other way round: 0 does not change. */
		assert_int_equal(move(&r, r.irqs, 0), MIRQ_OK);
		mock_fire(r.s, 0);
		assert_int_equal(r.a[0].nr, 2);
		end(&r);
		/* A device that reads its address at once. */
		rig_window(&r, MIRQ_UPDATE_64);
		if (nr_others)
			(void)crowd(&r, 1, 2);
		assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
		assert_int_equal(r.s->slots[0].msg[0].address, UINT64_C(0x100000000));
		mock_fire(r.s, 0);
		assert_int_equal(r.a[0].nr, 1);
		mock_sound(r.m);
		end(&r);
	}
}

/* The others of its batch give back what they took. */
static void step__one_of_a_range_is_refused__none_moves(void **state)
{
	struct mirq_irqs more;
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	more = mock_alloc_on(r.s, 7, 1);
	mock_request(more, &r.a[1]);
	(void)mock_alloc_on(r.near, 184, 1); /* CPU 1 is full */
	assert_int_equal(used_on(&r, 1), 192);
	more = r.irqs;
	more.slots.limit = 2;
	(void)mock_alloc_on(r.near, 1, 2);
	/* (1, 32) and (1, 33) are both taken on CPU 2. */
	assert_int_equal(used_on(&r, 2), 2);
	assert_int_equal(move(&r, more, 2), MIRQ_ENOSPC);
	assert_int_equal(r.m->why.value, 1);
	assert_int_equal(r.m->why.nr_left, 190);
	assert_string_equal(r.m->why.where, "root");
	assert_int_equal(used_on(&r, 1), 192);
	assert_int_equal(used_on(&r, 2), 2);
	/* The third one's id is free there: it goes, and its old id lets the first one step. */
	assert_int_equal(move(&r, mirq_irq_at(mirq_store_irqs(r.s->store), 2), 2), MIRQ_OK);
	assert_int_equal(used_on(&r, 1), 191);
	/* 34 is free on CPU 1 now, but taken on CPU 2. */
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_ENOSPC);
	assert_int_equal(move(&r, mirq_irq_at(mirq_store_irqs(r.s->store), 3), 3), MIRQ_OK);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
	assert_int_equal(mirqi_irq(r.s->store, 0)->route.id, 35);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	end(&r);
}

/* An id that retires counts as free: it is waited for. */
static void step__the_last_common_id_retires__is_waited_for(void **state)
{
	struct mirq_irqs last;
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	(void)mock_alloc_on(r.near, 190, 1);
	last = mock_alloc_on(r.near, 1, 1);
	mock_request(last, &r.other[1]);
	mock_set_pending(r.m, 1, 223);
	assert_int_equal(mirq_irq_free(last), MIRQ_OK);
	assert_int_equal(used_on(&r, 1), 192);
	atomic_store(&r.m->root.cpus[1].irr[223], 0); /* gone before anybody looks again */
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
	assert_int_equal(mirqi_irq(r.s->store, 0)->route.id, 223);
	mock_sound(r.m);
	end(&r);
}

static void step__fullest_cpu_has_nothing_in_common__takes_another(void **state)
{
	struct mirq_cpus cpus = { { 2, 4 }, NULL };
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	(void)mock_alloc_on(r.near, 191, 1); /* only 32 itself can be in common */
	(void)mock_alloc_on(r.near, 8, 3);
	assert_int_equal(mirq_irq_free((struct mirq_irqs){ r.near->store, { 192, 193 } }),
			 MIRQ_OK); /* (3, 32) */
	serve(&r);
	assert_int_equal(mirq_affinity_set(r.irqs, cpus, NULL), MIRQ_OK);
	assert_int_equal(cpu_of(r.irqs), 3);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	end(&r);
}

/* ---- three ways alive ---- */

struct way {
	uint32_t cpu, id;
};
static const struct way ways[] = { { 1, 32 }, { 1, 33 }, { 2, 33 } };

/* An event by each way reaches the handler. */
static void all_ways_live(struct rig *r)
{
	uint64_t before = r->a[0].nr;

	for (uint32_t i = 0; i < MOCK_NR(ways); i++)
		mirq_hosted_dispatch(&r->m->host, ways[i].cpu, ways[i].id);
	assert_int_equal(r->a[0].nr, before + MOCK_NR(ways));
	assert_int_equal(late_and_stray(r), 0);
}

/* What is pending on one of the ways keeps that one, and only that one, until it is taken. */
static void ids__pending__retire_when_taken(void **state)
{
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		rig_new(&r, MIRQ_UPDATE_WORDS);
		mock_set_pending(r.m, ways[i].cpu, ways[i].id);
		assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
		assert_int_equal(used_on(&r, 1), 1);
		mock_sound(r.m);
		/* It waits for the first to drain, then gives up; nothing was taken. */
		assert_int_equal(move(&r, r.irqs, 3), MIRQ_EBUSY);
		assert_int_equal(r.m->why.value, 1);
		assert_int_equal(used_on(&r, 3), 0);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, 1);
		settled_on(&r, 2);
		assert_int_equal(move(&r, r.irqs, 3), MIRQ_OK);
		settled_on(&r, 3);
		end(&r);
	}
}

static void ids__released_or_freed_while_pending__come_back_late(void **state)
{
	struct rig r;

	(void)state;
	for (uint32_t is_free = 0; is_free < 2; is_free++) {
		rig_new(&r, MIRQ_UPDATE_WORDS);
		for (uint32_t i = 0; i < MOCK_NR(ways); i++)
			mock_set_pending(r.m, ways[i].cpu, ways[i].id);
		assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
		assert_int_equal(used_on(&r, 1), 2);
		if (is_free)
			assert_int_equal(mirq_irq_free(r.irqs), MIRQ_OK);
		else
			assert_int_equal(mirq_irq_release(r.irqs, NULL), MIRQ_OK);
		assert_int_equal(used_on(&r, 1), 2);
		for (uint32_t i = 0; i < MOCK_NR(ways); i++)
			assert_ptr_equal(*mirqi_cell(r.m->m->root, ways[i].cpu, ways[i].id),
					 r.m->m->tomb);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, 0);
		assert_int_equal(late_and_stray(&r), 3);
		assert_int_equal(used_on(&r, 1), 0);
		assert_int_equal(used_on(&r, 2), 2 - is_free);
		mock_sound(r.m);
		if (!is_free) {
			mock_request(r.irqs, r.a);
			assert_int_equal(move(&r, r.irqs, 3), MIRQ_OK);
			mock_fire(r.s, 0);
			assert_int_equal(r.a[0].nr, 1);
			settled_on(&r, 3);
		}
		end(&r);
	}
}

/* A rig whose store has windows, so that six calls of a move can fail. */
static void rig_fallible(struct rig *r)
{
	struct mock_store *slow;

	rig_begin(r);
	mock_start(r->m, 4);
	rig_devices(r, NULL, MIRQ_UPDATE_WORDS, 1);
	slow = mock_store(r->m, MOCK_SLEEPS, "slow", 1);
	r->s->ops.begin = slow->ops.begin;
	r->s->ops.commit = slow->ops.commit;
	mock_store_attach(r->s, r->dev);
	mock_store_attach(r->near, r->dev);
	r->irqs = mock_alloc_on(r->s, 1, 1);
	mock_request(r->irqs, r->a);
	(void)crowd(r, 1, 2);
	mock_log_clear(r->m);
	mock_forget(r->m);
}

static const char *const fallible[] = { "torn.begin", "torn.commit", "torn.flush" };

/* Call @i of a move fails, @nr times (0: for good). */
static void fail_at(struct rig *r, uint32_t i, uint64_t nr)
{
	rig_fallible(r);
	mock_fail(r->m, fallible[i % 3], 1 + i / 3, nr, MIRQ_EIO);
	assert_int_equal(move(r, r->irqs, 2), MIRQ_EIO);
	assert_non_null(strstr(r->m->why.text, "stay alive"));
	assert_int_equal(nr_quarantined(r), 1);
	assert_int_equal(used_on(r, 1), 2);
	assert_int_equal(used_on(r, 2), 2);
	all_ways_live(r);
	mock_sound(r->m);
	assert_int_equal(move(r, r->irqs, 3), MIRQ_EBUSY);
}

static void hardware_fails__at_any_call__all_ways_stay_until_told_again(void **state)
{
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		fail_at(&r, i, 1);
		/* Another failure, at each call, changes nothing. */
		for (uint32_t k = 0; k < 6; k++) {
			mock_fail(r.m, fallible[k % 3], 1 + k / 3, 1, MIRQ_EIO);
			assert_int_equal(move(&r, r.irqs, 2), MIRQ_EIO);
			mock_fail_never(r.m);
			assert_int_equal(nr_quarantined(&r), 1);
			all_ways_live(&r);
		}
		mock_log_clear(r.m);
		assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
		mock_expect(r.m, "torn.begin\n"
				 "torn.write 0 10001100/21\n"
				 "torn.commit\n"
				 "torn.flush\n"
				 "torn.begin\n"
				 "torn.write 0 10001200/21\n"
				 "torn.commit\n"
				 "torn.flush\n");
		settled_on(&r, 2);
		assert_int_equal(move(&r, r.irqs, 3), MIRQ_OK);
		settled_on(&r, 3);
		end(&r);
	}
}

static void hardware_fails__for_good__released_and_freed_in_quarantine(void **state)
{
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		fail_at(&r, i, 0);
		if (i & 1)
			assert_int_equal(mirq_irq_release(r.irqs, NULL), MIRQ_OK);
		else
			assert_int_equal(mirq_irq_free(r.irqs), MIRQ_OK);
		for (uint32_t k = 0; k < MOCK_NR(ways); k++)
			mirq_hosted_dispatch(&r.m->host, ways[k].cpu, ways[k].id);
		assert_int_equal(late_and_stray(&r), 3);
		assert_int_equal(r.a[0].nr, 3); /* those of fail_at() */
		assert_int_equal(nr_quarantined(&r), 1);
		/* Nobody gets these ids. */
		assert_int_equal(used_on(&r, 1), 2);
		assert_int_equal(used_on(&r, 2), 2);
		assert_int_equal(mirqi_irq(mock_alloc_on(r.near, 1, 1).store, 1)->route.id, 34);
		mock_sound(r.m);
		end(&r);
	}
}

/* A CPU that leaves gives nothing out any more, but the id in between is one of its own. */
static void cpu__leaves__takes_the_step_itself(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, MIRQ_UPDATE_WORDS);
	(void)crowd(&r, 1, 3);
	(void)crowd(&r, 1, 0);
	mock_log_clear(r.m);
	assert_int_equal(mirq_cpu_offline_prepare(r.m->m, 1, &r.m->why), MIRQ_OK);
	mock_expect_of(r.m, "torn",
		       "torn.write 0 10001100/21\n"
		       "torn.flush\n"
		       "torn.write 0 10001000/21\n"
		       "torn.flush\n");
	assert_int_equal(cpu_of(r.irqs), 0);
	assert_int_equal(used_on(&r, 1), 0);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	end(&r);
}

/* At a root that masks, ids are opened before they are named and closed when they retire. */
static void root_that_masks__opens_and_closes_all_of_them(void **state)
{
	struct rig r;

	(void)state;
	rig_begin(&r);
	r.m->root.ops.mask = mock_root_all.mask;
	r.m->root.ops.unmask = mock_root_all.unmask;
	mock_start(r.m, 4);
	rig_devices(&r, NULL, MIRQ_UPDATE_WORDS, 1);
	mock_store_attach(r.s, r.dev);
	mock_store_attach(r.near, r.dev);
	r.irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(r.irqs, r.a);
	(void)crowd(&r, 1, 2);
	mock_fail(r.m, "torn.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_EIO);
	for (uint32_t i = 0; i < MOCK_NR(ways); i++)
		assert_true(r.m->root.cpus[ways[i].cpu].open[ways[i].id]);
	assert_int_equal(move(&r, r.irqs, 2), MIRQ_OK);
	serve(&r);
	for (uint32_t i = 0; i < MOCK_NR(ways); i++)
		assert_int_equal(r.m->root.cpus[ways[i].cpu].open[ways[i].id], i == 2);
	settled_on(&r, 2);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(step__new_id_first__then_the_cpu),
		cmocka_unit_test(step__old_id_free_there__is_one_write),
		cmocka_unit_test(step__of_a_range__reads_back_twice),
		cmocka_unit_test(step__store_that_sleeps__has_a_window_for_each_word),
		cmocka_unit_test(step__mask_that_loses__is_not_used),
		cmocka_unit_test(step__behind_a_table__is_not_made),
		cmocka_unit_test(step__not_requested_and_off__needs_none),
		cmocka_unit_test(step__not_requested_but_on__is_pinned),
		cmocka_unit_test(step__request_failed_after_it_was_told__is_pinned),
		cmocka_unit_test(step__every_mix_of_words_at_every_moment__is_its_own),
		cmocka_unit_test(step__no_drain_or_no_word_for_the_cpu__is_pinned),
		cmocka_unit_test(step__slots_that_share_a_message__stay_pinned),
		cmocka_unit_test(step__upper_address_changes_too__is_pinned),
		cmocka_unit_test(step__one_of_a_range_is_refused__none_moves),
		cmocka_unit_test(step__the_last_common_id_retires__is_waited_for),
		cmocka_unit_test(step__fullest_cpu_has_nothing_in_common__takes_another),
		cmocka_unit_test(ids__pending__retire_when_taken),
		cmocka_unit_test(ids__released_or_freed_while_pending__come_back_late),
		cmocka_unit_test(hardware_fails__at_any_call__all_ways_stay_until_told_again),
		cmocka_unit_test(hardware_fails__for_good__released_and_freed_in_quarantine),
		cmocka_unit_test(cpu__leaves__takes_the_step_itself),
		cmocka_unit_test(root_that_masks__opens_and_closes_all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
