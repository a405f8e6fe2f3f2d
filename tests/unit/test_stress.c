/* SPDX-License-Identifier: MIT */
/*
 * test_stress.c - threads as CPUs, devices and drivers (docs/design.md 7 and 9). Drivers make
 * random calls while two devices fire by the message that their slots hold at that moment; what a
 * device has sent travels for a while, a remapping table uses old or new entries until it is
 * flushed.
 *
 * Oracle: an event that is raised between request and release is followed by a handler call that
 * begins after it; no call begins after release has returned; no two calls of one interrupt
 * overlap; no message meets an entry that is not present. MIRQ_TEST_SEED=n repeats the choices of a
 * run, not its interleaving.
 */
#include "mock.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/core.h"

#define NR_CPUS 4
#define NR_DRIVERS 3
#define NR_SLOTS 8
#define FIRST_ID 32
#define NR_IDS 20 /* few, so that they are short and used again soon */
#define NR_ENTRIES 16
#define RUN_NS UINT64_C(2200000000)
#define LOST_NS UINT64_C(20000000000)

#define PRESENT (UINT64_C(1) << 63)

/* Who is inside; drain() waits for those that were inside when it was called. */
struct gate {
	_Atomic uint32_t epoch, nr_in[2];
};

struct slot {
	_Atomic uint32_t lock; /* the device's: mask, pending and message belong together */
	uint64_t address;
	uint32_t data, is_masked, is_pending;
};

struct model;

struct device {
	struct model *model;
	int has_table;
	struct mirq_device *dev;
	struct mirq_store *store;
	struct slot slots[NR_SLOTS];
	_Atomic uint32_t is_on;
	struct gate way;
};

/* What the test knows of an interrupt. */
struct known {
	struct model *model;
	struct device *device;
	pthread_rwlock_t lock; /* written: alloc, free, request, release */
	int is_allocated, is_requested;
	_Atomic uint32_t period; /* odd: requested; events of this period must be handled */
	_Atomic uint32_t is_open, is_running, needs_done;
	_Atomic uint64_t raised, begun; /* ticks of the last ones */
	_Atomic uint64_t nr_raised, nr_begun,
		nr_again; /* again: what the library may raise itself */
};

struct model {
	struct mirq_host host;
	struct mirq *m;
	_Atomic uint64_t clock;
	_Atomic uint64_t irr[NR_CPUS]; /* bit id - FIRST_ID */
	_Atomic uint64_t memory[NR_ENTRIES], cache[NR_ENTRIES];
	uint8_t is_entry_used[NR_ENTRIES];
	struct gate translating;
	struct mirq_domain *root, *table;
	struct device devices[2];
	struct known known[2][NR_SLOTS];
	_Atomic uint32_t stop_drivers, stop_devices, stop_cpus;
	_Atomic uint64_t nr_blocked, nr_calls, nr_moves, nr_checked;
	_Atomic(const char *) broken;
	uint32_t seed;
};

static _Thread_local uint32_t thread_seed;

static uint32_t dice(uint32_t sides)
{
	thread_seed = thread_seed * 1664525 + 1013904223;
	return (thread_seed >> 8) % sides;
}

static void stumble(void)
{
	if (!dice(4))
		sched_yield();
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Threads do not fail tests by themselves: the first breach is told at the end. */
static void breach(struct model *model, const char *text)
{
	const char *none = NULL;

	atomic_compare_exchange_strong(&model->broken, &none, text);
}

static uint32_t gate_enter(struct gate *g)
{
	uint32_t epoch;

	for (;;) {
		epoch = atomic_load(&g->epoch);
		atomic_fetch_add(&g->nr_in[epoch & 1], 1);
		if (atomic_load(&g->epoch) == epoch)
			return epoch;
		atomic_fetch_sub(&g->nr_in[epoch & 1], 1);
	}
}

static void gate_leave(struct gate *g, uint32_t epoch)
{
	atomic_fetch_sub(&g->nr_in[epoch & 1], 1);
}

static void gate_drain(struct gate *g)
{
	uint32_t epoch = atomic_fetch_add(&g->epoch, 1);

	while (atomic_load(&g->nr_in[epoch & 1]))
		sched_yield();
}

/* ---- hardware ---- */

static void root_accept(struct model *model, uint32_t cpu, uint32_t id)
{
	if (cpu >= NR_CPUS || id - FIRST_ID >= NR_IDS)
		breach(model, "a message names no CPU or id");
	else
		atomic_fetch_or(&model->irr[cpu], UINT64_C(1) << (id - FIRST_ID));
}

/* Until it is flushed a changed entry is used in its old or its new form. */
static void table_accept(struct model *model, uint32_t entry)
{
	uint32_t epoch = gate_enter(&model->translating);
	uint64_t old = atomic_load(&model->cache[entry]), now = atomic_load(&model->memory[entry]);
	uint64_t word = old & PRESENT && dice(2) ? old : now;

	stumble();
	if (word & PRESENT)
		root_accept(model, (uint32_t)(word >> 32) & 0xffff, (uint32_t)word);
	else
		atomic_fetch_add(&model->nr_blocked, 1);
	gate_leave(&model->translating, epoch);
}

static void slot_lock(struct slot *s)
{
	while (atomic_exchange(&s->lock, 1))
		sched_yield();
}

static void slot_unlock(struct slot *s)
{
	atomic_store(&s->lock, 0);
}

/* Send what waits, if nothing stops it. It travels, and arrives. */
static void slot_try(struct device *d, struct slot *s)
{
	uint32_t epoch = gate_enter(&d->way);
	uint64_t address;
	uint32_t data;

	slot_lock(s);
	if (!s->is_pending || s->is_masked || !atomic_load(&d->is_on)) {
		slot_unlock(s);
		gate_leave(&d->way, epoch);
		return;
	}
	s->is_pending = 0;
	address = s->address;
	data = s->data;
	slot_unlock(s);
	stumble();
	if (d->has_table)
		table_accept(d->model, data);
	else
		root_accept(d->model, (uint32_t)(address >> 8 & 0xff), data);
	gate_leave(&d->way, epoch);
}

static void slot_raise(struct device *d, struct slot *s)
{
	slot_lock(s);
	s->is_pending = 1;
	slot_unlock(s);
	slot_try(d, s);
}

static void root_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			 struct mirq_msg *out_msg)
{
	(void)data;
	(void)block_log2;
	out_msg->address = UINT64_C(0x10000000) | route->hw_target << 8;
	out_msg->data = route->id;
}

static void root_eoi(void *data, uint32_t cpu, uint32_t id)
{
	(void)data;
	(void)cpu;
	(void)id;
}

static enum mirq_pending root_pending(void *data, uint32_t cpu, uint32_t id)
{
	struct model *model = data;

	return atomic_load(&model->irr[cpu]) >> (id - FIRST_ID) & 1 ? MIRQ_PENDING_YES
								    : MIRQ_PENDING_NO;
}

static void root_resend(void *data, const struct mirq_route *route)
{
	root_accept(data, route->cpu, route->id);
}

static enum mirq_err table_alloc(void *data, void *ctx, const struct mirq_batch *batch,
				 uint32_t block_log2, struct mirq_why *why)
{
	struct model *model = data;
	const void *cursor = NULL;
	struct mirq_member member;
	uint32_t entry = 0;

	(void)ctx;
	(void)block_log2;
	(void)why;
	while (mirq_batch_next(batch, &cursor, &member)) {
		while (model->is_entry_used[entry]) /* there are more than slots */
			entry++;
		model->is_entry_used[entry] = 1;
		member.hop->hwirq = entry;
	}
	return MIRQ_OK;
}

static void table_free(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct model *model = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		if (atomic_load(&model->cache[member.hop->hwirq]) & PRESENT)
			breach(model, "an entry was freed that hardware still uses");
		model->is_entry_used[member.hop->hwirq] = 0;
	}
}

static enum mirq_err table_program(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct model *model = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		uint64_t word = PRESENT | (uint64_t)member.route->hw_target << 32 |
				member.route->id;

		atomic_store(&model->memory[member.hop->hwirq], word);
		stumble();
	}
	return MIRQ_OK;
}

static void table_clear(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct model *model = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member))
		atomic_store(&model->memory[member.hop->hwirq], 0);
}

static enum mirq_err table_flush(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct model *model = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member))
		atomic_store(&model->cache[member.hop->hwirq],
			     atomic_load(&model->memory[member.hop->hwirq]));
	gate_drain(&model->translating);
	return MIRQ_OK;
}

static void table_compose(void *data, void *ctx, const struct mirq_hop *hop,
			  const struct mirq_route *route, uint32_t block_log2,
			  struct mirq_msg *out_msg)
{
	(void)data;
	(void)ctx;
	(void)route;
	(void)block_log2;
	out_msg->address = 0x20000000;
	out_msg->data = hop->hwirq;
}

static struct slot *slot_of(const struct mirq_slot *slot)
{
	struct device *d = slot->data;

	return &d->slots[slot->index];
}

/* Word by word: a device that is not masked sends half of each. */
static void store_write(const struct mirq_slot *slot, const struct mirq_msg msg[])
{
	struct slot *s = slot_of(slot);

	slot_lock(s);
	s->address = msg[0].address;
	slot_unlock(s);
	stumble();
	slot_lock(s);
	s->data = msg[0].data;
	slot_unlock(s);
}

static void store_mask(const struct mirq_slot *slot)
{
	struct slot *s = slot_of(slot);

	slot_lock(s);
	s->is_masked = 1;
	slot_unlock(s);
}

static void store_unmask(const struct mirq_slot *slot)
{
	struct slot *s = slot_of(slot);

	slot_lock(s);
	s->is_masked = 0;
	slot_unlock(s);
	slot_try(slot->data, s);
}

static enum mirq_pending store_pending(const struct mirq_slot *slot)
{
	struct slot *s = slot_of(slot);
	enum mirq_pending answer;

	slot_lock(s);
	answer = s->is_pending ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
	slot_unlock(s);
	return answer;
}

static enum mirq_err store_setup(void *data)
{
	struct device *d = data;

	for (uint32_t i = 0; i < NR_SLOTS; i++)
		d->slots[i].is_masked = 1;
	return MIRQ_OK;
}

static enum mirq_err store_enable(void *data, uint32_t nr_log2)
{
	struct device *d = data;

	(void)nr_log2;
	atomic_store(&d->is_on, 1);
	return MIRQ_OK;
}

static void store_disable(void *data)
{
	struct device *d = data;

	atomic_store(&d->is_on, 0);
}

static enum mirq_err store_flush(void *data)
{
	struct device *d = data;

	gate_drain(&d->way);
	return MIRQ_OK;
}

static const struct mirq_root_ops root_ops = {
	MIRQ_SIZED(mirq_root_ops), .compose = root_compose, .eoi = root_eoi,
	.pending = root_pending,   .resend = root_resend,
};
static const struct mirq_root_ops root_ops_without_resend = {
	MIRQ_SIZED(mirq_root_ops),
	.compose = root_compose,
	.eoi = root_eoi,
	.pending = root_pending,
};
static const struct mirq_remapper_ops table_ops = {
	MIRQ_SIZED(mirq_remapper_ops), .alloc = table_alloc, .free = table_free,
	.program = table_program,      .clear = table_clear, .flush = table_flush,
	.compose = table_compose,
};
static const struct mirq_store_ops store_ops = {
	MIRQ_SIZED(mirq_store_ops), .setup = store_setup, .enable = store_enable,
	.disable = store_disable,   .write = store_write, .mask = store_mask,
	.unmask = store_unmask,     .flush = store_flush, .pending = store_pending,
};
static const struct mirq_store_template store_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "store",
	.ops = &store_ops,
	.masking = MIRQ_MASKS_SLOT,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
	.traits = MIRQ_STORE_OF_BUS | MIRQ_STORE_RESETS_MASKED,
};

/* ---- the threads ---- */

struct actor {
	struct model *model;
	uint32_t number;
	pthread_t thread;
};

static void actor_begin(const struct actor *a, uint32_t kind)
{
	thread_seed = a->model->seed * 31 + kind * 7919 + a->number * 104729;
}

static enum mirq_handled on_interrupt(void *context)
{
	struct known *k = context;

	atomic_store(&k->begun, atomic_fetch_add(&k->model->clock, 1) + 1);
	atomic_fetch_add(&k->nr_begun, 1);
	if (!atomic_load(&k->is_open))
		breach(k->model, "a handler was called after its release had returned");
	if (atomic_exchange(&k->is_running, 1))
		breach(k->model, "two calls of one handler overlap");
	stumble();
	atomic_store(&k->is_running, 0);
	if (dice(8))
		return MIRQ_HANDLED;
	atomic_store(&k->needs_done, 1);
	return MIRQ_LATER;
}

struct taking {
	struct model *model;
	uint32_t cpu;
};

/* The CPU takes the lowest id that waits. */
static void take_one(void *context)
{
	struct taking *t = context;
	uint64_t waiting = atomic_load(&t->model->irr[t->cpu]);
	uint32_t bit = 0;

	if (!waiting)
		return;
	while (!(waiting >> bit & 1))
		bit++;
	atomic_fetch_and(&t->model->irr[t->cpu], ~(UINT64_C(1) << bit));
	mirq_dispatch(t->model->m, t->cpu, FIRST_ID + bit);
}

static void *cpu_thread(void *context)
{
	struct actor *a = context;
	struct taking t = { a->model, a->number };

	actor_begin(a, 1);
	mirq_hosted_bind(a->number);
	while (!atomic_load(&a->model->stop_cpus)) {
		mirq_hosted_serve(&a->model->host, a->number);
		if (atomic_load(&a->model->irr[a->number]))
			mirq_hosted_interrupt(&a->model->host, a->number, take_one, &t);
		else
			sched_yield();
	}
	return NULL;
}

static void note_raised(struct known *k, uint32_t period, uint64_t tick)
{
	uint64_t before = atomic_load(&k->raised);

	/* An event that lies in one period wholly is owed a call. */
	if (!(period & 1) || atomic_load(&k->period) != period)
		return;
	while (before < tick && !atomic_compare_exchange_weak(&k->raised, &before, tick))
		;
}

static void *device_thread(void *context)
{
	struct actor *a = context;
	struct model *model = a->model;
	struct device *d = &model->devices[a->number];

	actor_begin(a, 2);
	while (!atomic_load(&model->stop_devices)) {
		uint32_t i = dice(NR_SLOTS);
		struct known *k = &model->known[a->number][i];
		uint32_t period = atomic_load(&k->period);
		uint64_t tick = atomic_fetch_add(&model->clock, 1) + 1;

		atomic_fetch_add(&k->nr_raised, 1);
		slot_raise(d, &d->slots[i]);
		note_raised(k, period, tick);
		if (!dice(3))
			sched_yield();
	}
	return NULL;
}

static struct mirq_irqs irq_of(struct known *k)
{
	uint32_t i = (uint32_t)(k - k->model->known[k->device - k->model->devices]);
	struct mirq_irqs irqs = { k->device->store, { i, i + 1 } };

	return irqs;
}

static void finish_later(struct known *k)
{
	if (!atomic_exchange(&k->needs_done, 0))
		return;
	atomic_fetch_add(&k->nr_again, 1);
	mirq_irq_done(irq_of(k));
}

/* Nothing is lost: the last event of this period has been followed by a call. */
static void check_handled(struct known *k)
{
	uint64_t raised = atomic_load(&k->raised), start = now_ns();

	while (atomic_load(&k->begun) <= raised && !atomic_load(&k->model->broken)) {
		finish_later(k);
		if (now_ns() - start > LOST_NS)
			breach(k->model, "an event was lost: no handler call has followed it");
		sched_yield();
	}
	atomic_fetch_add(&k->model->nr_checked, 1);
}

static void do_request(struct known *k)
{
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = on_interrupt,
				      .context = k };
	enum mirq_err err;

	atomic_store(&k->raised, 0);
	atomic_store(&k->needs_done, 0);
	atomic_store(&k->is_open, 1);
	h.flags = MIRQ_REQUEST_SHARED | (dice(4) ? 0 : (uint32_t)MIRQ_REQUEST_DISABLED);
	err = mirq_irq_request(irq_of(k), &h);
	if (err) {
		atomic_store(&k->is_open, 0);
		if (err != MIRQ_ENOSPC)
			breach(k->model, "a request failed");
		return;
	}
	k->is_requested = 1;
	atomic_fetch_add(&k->period, 1);
	if (h.flags & MIRQ_REQUEST_DISABLED) {
		atomic_fetch_add(&k->nr_again, 1);
		if (mirq_irq_enable(irq_of(k)))
			breach(k->model, "what was requested disabled cannot be enabled");
	}
}

static void do_release(struct known *k)
{
	if (dice(2))
		check_handled(k);
	atomic_fetch_add(&k->period, 1);
	if (dice(2) || !k->is_allocated) {
		if (mirq_irq_release(irq_of(k), NULL))
			breach(k->model, "a release failed");
	} else {
		if (mirq_irq_free(irq_of(k)))
			breach(k->model, "a free failed");
		k->is_allocated = 0;
	}
	atomic_store(&k->is_open, 0);
	k->is_requested = 0;
}

static void do_alloc(struct known *k)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want) };
	struct mirq_irqs irqs;
	enum mirq_err err;

	want.at = irq_of(k).slots;
	want.reserve = dice(2) ? MIRQ_RESERVE_BEST_EFFORT : MIRQ_RESERVE_PROMISE;
	if (dice(2))
		want.cpus = mirq_cpus_one(dice(NR_CPUS));
	err = mirq_irq_alloc(k->device->store, &want, &irqs);
	if (err && err != MIRQ_ENOSPC)
		breach(k->model, "an allocation failed");
	k->is_allocated = !err;
}

/* Alone with this interrupt. */
static void do_life(struct known *k)
{
	pthread_rwlock_wrlock(&k->lock);
	if (k->is_requested) {
		do_release(k);
	} else if (!k->is_allocated) {
		do_alloc(k);
	} else if (dice(4)) {
		do_request(k);
	} else {
		(void)mirq_irq_free(irq_of(k));
		k->is_allocated = 0;
	}
	pthread_rwlock_unlock(&k->lock);
}

static void do_move(struct known *k)
{
	enum mirq_err err = mirq_affinity_set(irq_of(k), mirq_cpus_one(dice(NR_CPUS)), NULL);

	if (err && err != MIRQ_EBUSY && err != MIRQ_ENOSPC)
		breach(k->model, "a move failed");
	atomic_fetch_add(&k->model->nr_moves, !err);
}

static void do_disable(struct known *k)
{
	mirq_irq_disable(irq_of(k));
	for (uint32_t i = dice(20); i; i--)
		stumble();
	atomic_fetch_add(&k->nr_again, 1);
	if (mirq_irq_enable(irq_of(k)))
		breach(k->model, "what was disabled cannot be enabled");
}

static void do_resend(struct known *k)
{
	uint32_t period = atomic_load(&k->period);
	uint64_t tick = atomic_fetch_add(&k->model->clock, 1) + 1;

	atomic_fetch_add(&k->nr_raised, 1);
	if (mirq_irq_resend(irq_of(k)))
		breach(k->model, "a requested interrupt cannot be resent");
	note_raised(k, period, tick);
}

/* A second action of a shared interrupt, for a while. */
struct guest {
	struct model *model;
	_Atomic uint32_t is_open;
};

static enum mirq_handled on_guest(void *context)
{
	struct guest *g = context;

	if (!atomic_load(&g->is_open))
		breach(g->model, "an action was called after its release had returned");
	stumble();
	return MIRQ_NOT_MINE;
}

static void do_join(struct known *k)
{
	struct guest *g = malloc(sizeof(*g)); /* so that a late call is seen by sanitizers too */
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = on_guest,
				      .context = g, .flags = MIRQ_REQUEST_SHARED };

	g->model = k->model;
	atomic_store(&g->is_open, 1);
	if (mirq_irq_request(irq_of(k), &h))
		breach(k->model, "a shared interrupt cannot be joined");
	for (uint32_t i = dice(20); i; i--)
		stumble();
	if (mirq_irq_release(irq_of(k), &h))
		breach(k->model, "an action cannot be released");
	atomic_store(&g->is_open, 0);
	free(g);
}

static void do_look(struct known *k)
{
	struct mirq_irq_info info;
	struct mirq_msg msg;
	uint32_t cpu;

	(void)mirq_irq_pending(irq_of(k));
	if (mirq_irq_compose(irq_of(k), &msg) || mirq_irq_inspect(irq_of(k), &info) ||
	    mirq_affinity_effective(irq_of(k), &cpu) || cpu >= NR_CPUS)
		breach(k->model, "a requested interrupt cannot be looked at");
}

/* Together with others that use it: it stays requested. */
static void do_use(struct known *k)
{
	pthread_rwlock_rdlock(&k->lock);
	if (k->is_requested) {
		switch (dice(9)) {
		case 0:
		case 1:
		case 2:
			do_move(k);
			break;
		case 3:
		case 4:
			do_disable(k);
			break;
		case 5:
			do_resend(k);
			break;
		case 6:
			do_look(k);
			break;
		case 7:
			do_join(k);
			break;
		default:
			if (mirq_irq_sync(irq_of(k)))
				breach(k->model, "a sync failed");
		}
	} else if (k->is_allocated) {
		do_move(k);
	}
	finish_later(k);
	pthread_rwlock_unlock(&k->lock);
}

static void *driver_thread(void *context)
{
	struct actor *a = context;
	struct model *model = a->model;

	actor_begin(a, 3);
	mirq_hosted_bind(a->number);
	while (!atomic_load(&model->stop_drivers)) {
		struct known *k = &model->known[dice(2)][dice(NR_SLOTS)];

		if (dice(4))
			do_use(k);
		else
			do_life(k);
		atomic_fetch_add(&model->nr_calls, 1);
	}
	return NULL;
}

/* ---- a run ---- */

static void model_device(struct model *model, uint32_t number)
{
	struct device *d = &model->devices[number];
	struct mirq_device_init dev_init = {
		MIRQ_SIZED(mirq_device_init),
		.name = number ? "direct" : "remapped",
		.parent = number ? NULL : model->table,
	};
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .kind = &store_kind, .data = d,
					.nr_slots = NR_SLOTS };

	d->model = model;
	d->has_table = !number;
	assert_int_equal(mirq_device_attach(model->m, &dev_init, &d->dev), MIRQ_OK);
	assert_int_equal(mirq_store_attach(d->dev, &init, &d->store), MIRQ_OK);
	for (uint32_t i = 0; i < NR_SLOTS; i++) {
		struct known *k = &model->known[number][i];

		k->model = model;
		k->device = d;
		pthread_rwlock_init(&k->lock, NULL);
	}
}

static struct model *model_new(uint32_t seed, int has_resend)
{
	struct model *model = calloc(1, sizeof(*model));
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .nr_cpus = NR_CPUS };
	struct mirq_root_init root = {
		MIRQ_SIZED(mirq_root_init),
		.name = "root",
		.ops = has_resend ? &root_ops : &root_ops_without_resend,
		.data = model,
		.ids = { FIRST_ID, FIRST_ID + NR_IDS },
		.carries = MIRQ_CARRIES_ONE,
		.traits = MIRQ_ROOT_ENDS_EDGE_FIRST,
	};
	struct mirq_remapper_init table = {
		MIRQ_SIZED(mirq_remapper_init),
		.name = "table",
		.ops = &table_ops,
		.data = model,
		.nr_entries = NR_ENTRIES,
		.carries = MIRQ_CARRIES_ONE,
		.traits = MIRQ_REMAPPER_DRAINS,
	};

	assert_non_null(model);
	model->seed = seed;
	mirq_hosted_init(&model->host);
	model->host.has_threads = 1;
	init.host = &model->host;
	assert_int_equal(mirq_init(&init, &model->m), MIRQ_OK);
	model->host.m = model->m;
	assert_int_equal(mirq_root_attach(model->m, &root, &model->root), MIRQ_OK);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		struct mirq_cpu_init c = { MIRQ_SIZED(mirq_cpu_init), .cpu = cpu,
					   .hardware_id = cpu };

		assert_int_equal(mirq_cpu_add(model->m, &c), MIRQ_OK);
		assert_int_equal(mirq_cpu_online(model->m, cpu), MIRQ_OK);
	}
	assert_int_equal(mirq_remapper_attach(model->m, &table, &model->table), MIRQ_OK);
	for (uint32_t i = 0; i < 2; i++)
		model_device(model, i);
	return model;
}

static void start(struct model *model, struct actor *actors, uint32_t nr, void *(*body)(void *))
{
	for (uint32_t i = 0; i < nr; i++) {
		actors[i].model = model;
		actors[i].number = i;
		assert_int_equal(pthread_create(&actors[i].thread, NULL, body, &actors[i]), 0);
	}
}

static void join(struct actor *actors, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		pthread_join(actors[i].thread, NULL);
}

static void check_known(struct known *k)
{
	if (k->is_requested)
		check_handled(k);
	if (k->nr_begun > k->nr_raised + k->nr_again)
		breach(k->model, "a handler was called more often than anything was raised");
}

static void check_breach(const struct model *model)
{
	if (model->broken)
		fail_msg("seed %u: %s", model->seed, model->broken);
}

static void model_free(struct model *model)
{
	struct mirq_info info;
	struct mirq_why why;

	mirq_inspect(model->m, &info);
	assert_int_equal(info.nr_quarantined, 0);
	if (mirq_check(model->m, &why))
		fail_msg("seed %u: %s: %s", model->seed, why.where, why.text);
	mirq_fini(model->m);
	assert_int_equal(model->host.nr_live, 0);
	assert_int_equal(model->host.live_bytes, 0);
	for (uint32_t i = 0; i < 2 * NR_SLOTS; i++)
		pthread_rwlock_destroy(&model->known[i / NR_SLOTS][i % NR_SLOTS].lock);
	mirq_hosted_fini(&model->host);
	free(model);
}

static void run(uint32_t seed, int has_resend)
{
	struct actor cpus[NR_CPUS], devices[2], drivers[NR_DRIVERS];
	struct model *model = model_new(seed, has_resend);
	uint64_t begin = now_ns(), nr_raised = 0, nr_begun = 0;

	start(model, cpus, NR_CPUS, cpu_thread);
	start(model, devices, 2, device_thread);
	start(model, drivers, NR_DRIVERS, driver_thread);
	while (now_ns() - begin < RUN_NS && !atomic_load(&model->broken))
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	atomic_store(&model->stop_drivers, 1);
	join(drivers, NR_DRIVERS);
	atomic_store(&model->stop_devices, 1);
	join(devices, 2);
	for (uint32_t i = 0; i < 2 * NR_SLOTS; i++) {
		struct known *k = &model->known[i / NR_SLOTS][i % NR_SLOTS];

		check_known(k);
		nr_raised += k->nr_raised;
		nr_begun += k->nr_begun;
	}
	atomic_store(&model->stop_cpus, 1);
	join(cpus, NR_CPUS);
	if (model->nr_blocked)
		breach(model, "a message met an entry that is not present");
	print_message("seed %u: %llu calls, %llu moves, %llu raised, %llu handled, %llu checked\n",
		      seed, (unsigned long long)model->nr_calls,
		      (unsigned long long)model->nr_moves, (unsigned long long)nr_raised,
		      (unsigned long long)nr_begun, (unsigned long long)model->nr_checked);
	check_breach(model);
	assert_true(model->nr_moves > 0 && nr_begun > 0 && model->nr_checked > 0);
	/* Ids that waited for their CPU come back. */
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		mirq_hosted_serve(&model->host, cpu);
	model_free(model);
}

static uint32_t seed_of_run(void)
{
	const char *text = getenv("MIRQ_TEST_SEED");

	return text ? (uint32_t)strtoul(text, NULL, 0) : (uint32_t)(now_ns() / 1000);
}

static void stress__root_that_resends__loses_nothing(void **state)
{
	(void)state;
	run(seed_of_run(), 1);
}

static void stress__software_replays__loses_nothing(void **state)
{
	(void)state;
	run(seed_of_run(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stress__root_that_resends__loses_nothing),
		cmocka_unit_test(stress__software_replays__loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
