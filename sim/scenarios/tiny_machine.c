/* SPDX-License-Identifier: MIT */
/*
 * tiny_machine.c - see tiny_machine.h. The host's functions, a root, a table, a store, fibers.
 */
#include "tiny_machine.h"

#include <signal.h>
#include <string.h>

#define ROOT_ADDRESS UINT64_C(0x10000000)  /* | CPU << 8; data: id */
#define TABLE_ADDRESS UINT64_C(0x20000000) /* data: entry */

static struct tiny *tiny_of(struct mirq_host *h)
{
	return h->self;
}

/* A step of hardware: others may go first. */
static void at_wire(struct tiny *w, enum engine_point point)
{
	engine_at(w->e, point, &w->wire);
}

/* The same for a register, or for memory that is written behind all before it. */
static void at_register(struct tiny *w, enum engine_point point)
{
	atomics_at_register(w->e, point, &w->wire);
}

/* Fibers 0 and 1 are the CPUs. */
static uint32_t this_cpu(const struct tiny *w)
{
	uint32_t fiber = engine_current(w->e);

	return fiber < TINY_NR_CPUS ? fiber : w->boot_cpu;
}

/* ---- The host ---- */

static void *host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	struct tiny *w = tiny_of(h);

	(void)align_bytes;
	w->nr_bytes += size_bytes;
	return memset(engine_alloc(w->e, size_bytes), 0x5a, size_bytes);
}

/* Never used again in this run. Who still looks finds a state word that says active and requested,
 * and pointers to nowhere: on_crash() tells. */
static void host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	struct tiny *w = tiny_of(h);

	w->nr_bytes -= size_bytes;
	atomics_retire(w->e, memory, size_bytes);
	for (size_t i = 0; i < size_bytes / 4; i++)
		((uint32_t *)memory)[i] = 3;
}

static uintptr_t host_irq_save(struct mirq_host *h)
{
	struct tiny_cpu *c = &tiny_of(h)->cpus[this_cpu(tiny_of(h))];
	uintptr_t saved = c->is_open;

	c->is_open = 0;
	return saved;
}

static void host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	tiny_of(h)->cpus[this_cpu(tiny_of(h))].is_open = (uint32_t)saved;
}

static uint32_t host_this_cpu(struct mirq_host *h)
{
	return this_cpu(tiny_of(h));
}

static void host_kick(struct mirq_host *h, uint32_t cpu)
{
	struct tiny *w = tiny_of(h);

	at_register(w, ENGINE_DELIVER);
	engine_note(w->e, "kicks cpu%u", cpu);
	w->cpus[cpu].is_kicked = 1;
	engine_wake(w->e, cpu);
}

static uint64_t host_now_ns(struct mirq_host *h)
{
	return tiny_of(h)->now_ns;
}

static void host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)kind;
	engine_yield(tiny_of(h)->e);
}

static void host_panic(struct mirq_host *h, const char *text)
{
	engine_fail(tiny_of(h)->e, "panic: %s", text);
}

static const struct sim_host_ops host_ops = {
	.alloc = host_alloc,
	.free = host_free,
	.irq_save = host_irq_save,
	.irq_restore = host_irq_restore,
	.this_cpu = host_this_cpu,
	.kick = host_kick,
	.now_ns = host_now_ns,
	.wait = host_wait,
	.panic = host_panic,
};

/* On the stack of the fiber that went wrong, which is left for good. */
static void on_crash(int number)
{
	struct engine *e = engine_here();

	signal(number, SIG_DFL);
	if (e)
		engine_fail(e, "a pointer leads nowhere: memory was used after it was given back");
}

static void watch_crashes(void)
{
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static void pass_time(void *context)
{
	struct tiny *w = context;

	w->now_ns += 100000;
}

/* ---- Messages on their way ---- */

static int is_behind_table(const struct tiny *w)
{
	return (w->init.options & TINY_TABLE) != 0;
}

static void send(struct tiny *w, const struct mirq_msg *msg)
{
	struct tiny_flight *f = &w->flights[w->nr_flights++];

	memset(f, 0, sizeof(*f));
	f->serial = w->next_serial++;
	f->msg = *msg;
	engine_note(w->e, "sends %#llx, %u", (unsigned long long)msg->address, msg->data);
	if (!is_behind_table(w)) {
		f->is_translated = 1;
		f->cpu = (uint32_t)(msg->address - ROOT_ADDRESS) >> 8;
		f->id = msg->data;
	}
	engine_wake(w->e, TINY_NR_CPUS);
}

static void drop(struct tiny *w)
{
	w->nr_flights--;
	memmove(w->flights, w->flights + 1, w->nr_flights * sizeof(*w->flights));
}

static void translate(struct tiny *w)
{
	struct tiny_flight *f = &w->flights[0];
	struct tiny_way *way = &w->entries[f->msg.data % TINY_NR_ENTRIES].cache;

	if (f->msg.address != TABLE_ADDRESS || !way->is_present) {
		engine_note(w->e, "refused by the table");
		drop(w);
		return;
	}
	f->is_translated = 1;
	f->cpu = way->cpu;
	f->id = way->id;
	engine_note(w->e, "translated: cpu%u, id %u", f->cpu, f->id);
}

static void set_pending(struct tiny *w, uint32_t cpu, uint32_t id)
{
	if (cpu >= TINY_NR_CPUS || id - TINY_FIRST_ID >= w->init.nr_ids) {
		engine_fail(w->e, "a message to cpu%u, id %u: nobody wrote that", cpu, id);
		return;
	}
	engine_note(w->e, "pending: cpu%u, id %u", cpu, id);
	w->cpus[cpu].pending |= 1u << (id - TINY_FIRST_ID);
	engine_wake(w->e, cpu);
}

/* One step of the oldest message; somebody else may have pushed it on meanwhile. */
static void step_flight(struct tiny *w)
{
	struct tiny_flight f = w->flights[0];

	at_wire(w, ENGINE_DELIVER);
	if (!w->nr_flights || w->flights[0].serial != f.serial ||
	    w->flights[0].is_translated != f.is_translated)
		return;
	if (!f.is_translated) {
		translate(w);
		return;
	}
	drop(w);
	set_pending(w, f.cpu, f.id);
}

/* One word of the message in the making: data, upper and lower address, or the other way round. The
 * last one sends it. */
static void step_sample(struct tiny *w)
{
	const uint64_t high = UINT64_C(0xffffffff) << 32;
	struct tiny_sample *s = &w->sample, was = *s;
	const struct mirq_msg *msg = &w->slots[was.slot].msg;

	at_wire(w, ENGINE_READ);
	if (s->serial != was.serial || s->nr_left != was.nr_left)
		return;
	s->nr_left--;
	if (was.nr_left == (s->data_first ? 3u : 1u))
		s->msg.data = msg->data;
	else if (was.nr_left == 2)
		s->msg.address |= msg->address & high;
	else
		s->msg.address |= msg->address & ~high;
	engine_note(w->e, "slot %u: a word is read", was.slot);
	if (!s->nr_left)
		send(w, &s->msg);
}

static void sample(struct tiny *w, uint32_t slot)
{
	w->sample = (struct tiny_sample){ .serial = w->sample.serial + 1,
					  .slot = slot,
					  .nr_left = 3,
					  .data_first = engine_pick(w->e, 2) };
	while (w->sample.nr_left)
		step_sample(w);
}

/* What was sent before has arrived; @translated: only what has passed the table. */
static void push_flights(struct tiny *w, int translated)
{
	uint32_t limit = w->next_serial;

	while (w->nr_flights && w->flights[0].serial < limit &&
	       (!translated || w->flights[0].is_translated))
		step_flight(w);
}

/* ---- Root ---- */

static enum mirq_err root_cpu_up(void *data, uint32_t cpu, uint32_t hw_target)
{
	(void)data;
	(void)cpu;
	(void)hw_target;
	return MIRQ_OK;
}

static void root_cpu_down(void *data, uint32_t cpu)
{
	(void)data;
	(void)cpu;
}

static void root_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			 struct mirq_msg *out_msg)
{
	(void)data;
	(void)block_log2;
	out_msg->address = ROOT_ADDRESS | (uint64_t)route->hw_target << 8;
	out_msg->data = route->id;
}

static void root_eoi(void *data, uint32_t cpu, uint32_t id)
{
	struct tiny *w = data;
	struct tiny_cpu *c = &w->cpus[cpu];

	if (!c->is_served || c->served != id)
		engine_fail(w->e, "cpu%u ends id %u, which it does not serve", cpu, id);
	c->is_served = 0;
}

static enum mirq_pending root_pending(void *data, uint32_t cpu, uint32_t id)
{
	struct tiny *w = data;

	at_wire(w, ENGINE_READ);
	atomics_join(w->e);
	return w->cpus[cpu].pending >> (id - TINY_FIRST_ID) & 1 ? MIRQ_PENDING_YES
								: MIRQ_PENDING_NO;
}

static void root_resend(void *data, const struct mirq_route *route)
{
	struct tiny *w = data;

	at_register(w, ENGINE_DELIVER);
	set_pending(w, route->cpu, route->id);
}

static const struct mirq_root_ops root_ops = {
	.size_bytes = sizeof(struct mirq_root_ops),
	.cpu_up = root_cpu_up,
	.cpu_down = root_cpu_down,
	.compose = root_compose,
	.eoi = root_eoi,
	.pending = root_pending,
	.resend = root_resend,
};

static const struct mirq_root_ops root_ops_no_resend = {
	.size_bytes = sizeof(struct mirq_root_ops),
	.cpu_up = root_cpu_up,
	.cpu_down = root_cpu_down,
	.compose = root_compose,
	.eoi = root_eoi,
	.pending = root_pending,
};

/* ---- Table ---- */

static enum mirq_err table_alloc(void *data, void *ctx, const struct mirq_batch *batch,
				 uint32_t block_log2, struct mirq_why *why)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;
	uint32_t i;

	(void)ctx;
	(void)block_log2;
	(void)why;
	while (mirq_batch_next(batch, &cursor, &member)) {
		for (i = 0; i < TINY_NR_ENTRIES && w->entries[i].is_taken; i++)
			;
		if (i == TINY_NR_ENTRIES)
			return MIRQ_ENOSPC;
		w->entries[i].is_taken = 1;
		member.hop->hwirq = i;
	}
	return MIRQ_OK;
}

static void table_free(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member))
		w->entries[member.hop->hwirq].is_taken = 0;
}

/* The cache takes what it finds where it has nothing, at once, and then keeps it. */
static enum mirq_err table_program(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;
	struct tiny_entry *entry;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		entry = &w->entries[member.hop->hwirq];
		at_register(w, ENGINE_WRITE);
		entry->memory.is_present = 1;
		entry->memory.cpu = member.route->hw_target;
		entry->memory.id = member.route->id;
		if (!entry->cache.is_present)
			entry->cache = entry->memory;
		engine_note(w->e, "entry := cpu%u, id %u", member.route->hw_target,
			    member.route->id);
	}
	return MIRQ_OK;
}

static void table_clear(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		at_register(w, ENGINE_WRITE);
		w->entries[member.hop->hwirq].memory.is_present = 0;
		engine_note(w->e, "entry := not present");
	}
}

static enum mirq_err table_flush(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	at_register(w, ENGINE_WRITE);
	while (mirq_batch_next(batch, &cursor, &member))
		w->entries[member.hop->hwirq].cache = w->entries[member.hop->hwirq].memory;
	engine_note(w->e, "cache flushed");
	push_flights(w, 1);
	atomics_join(w->e);
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
	out_msg->address = TABLE_ADDRESS;
	out_msg->data = hop->hwirq;
}

static const struct mirq_remapper_ops table_ops = {
	.size_bytes = sizeof(table_ops),
	.alloc = table_alloc,
	.free = table_free,
	.program = table_program,
	.clear = table_clear,
	.flush = table_flush,
	.compose = table_compose,
};

/* ---- Store ---- */

static struct tiny_slot *slot_of(const struct mirq_slot *s)
{
	struct tiny *w = s->data;

	return &w->slots[s->index];
}

/* Word by word, as a table in device memory is written. */
static void store_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct tiny *w = s->data;

	at_register(w, ENGINE_WRITE);
	slot_of(s)->msg.address = msg[0].address;
	at_register(w, ENGINE_WRITE);
	slot_of(s)->msg.data = msg[0].data;
	engine_note(w->e, "slot %u := %#llx, %u", s->index, (unsigned long long)msg[0].address,
		    msg[0].data);
}

static void store_write_words(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct mirq_msg *own = &slot_of(s)->msg;
	struct tiny *w = s->data;

	at_register(w, ENGINE_WRITE);
	own->address = (own->address & ~UINT64_C(0xffffffff)) | (uint32_t)msg[0].address;
	at_register(w, ENGINE_WRITE);
	own->address = (uint32_t)own->address | (msg[0].address >> 32 << 32);
	at_register(w, ENGINE_WRITE);
	own->data = msg[0].data;
	engine_note(w->e, "slot %u := %#llx, %u", s->index, (unsigned long long)msg[0].address,
		    msg[0].data);
}

static void store_mask(const struct mirq_slot *s)
{
	struct tiny *w = s->data;

	at_register(w, ENGINE_WRITE);
	slot_of(s)->is_masked = 1;
	engine_note(w->e, "slot %u masked", s->index);
}

static void store_unmask(const struct mirq_slot *s)
{
	struct tiny *w = s->data;
	struct tiny_slot *slot = slot_of(s);

	at_register(w, ENGINE_WRITE);
	slot->is_masked = 0;
	engine_note(w->e, "slot %u unmasked", s->index);
	if (slot->is_pending)
		send(w, &slot->msg);
	slot->is_pending = 0;
}

static enum mirq_err store_flush(void *data)
{
	struct tiny *w = data;

	at_register(w, ENGINE_WRITE);
	while (w->sample.nr_left)
		step_sample(w);
	push_flights(w, 0);
	atomics_join(w->e);
	return MIRQ_OK;
}

static enum mirq_pending store_pending(const struct mirq_slot *s)
{
	struct tiny *w = s->data;

	at_register(w, ENGINE_READ);
	atomics_join(w->e);
	return slot_of(s)->is_pending ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

static const struct mirq_store_ops store_ops = {
	.size_bytes = sizeof(store_ops),
	.write = store_write,
	.mask = store_mask,
	.unmask = store_unmask,
	.flush = store_flush,
	.pending = store_pending,
};

static const struct mirq_store_ops store_ops_words = {
	.size_bytes = sizeof(store_ops_words),
	.write = store_write_words,
	.flush = store_flush,
};

static const struct mirq_store_template store_kind_words = {
	.size_bytes = sizeof(store_kind_words),
	.name = "words",
	.ops = &store_ops_words,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
	.traits = MIRQ_STORE_OF_BUS,
};

static const struct mirq_store_template store_kind = {
	.size_bytes = sizeof(store_kind),
	.name = "slots",
	.ops = &store_ops,
	.masking = MIRQ_MASKS_SLOT,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
	.traits = MIRQ_STORE_RESETS_MASKED | MIRQ_STORE_OF_BUS,
};

/* ---- Fibers ---- */

static int is_quiet(const struct tiny *w)
{
	if (w->nr_busy || w->nr_flights)
		return 0;
	for (const struct tiny_cpu *c = w->cpus; c < w->cpus + TINY_NR_CPUS; c++)
		if (c->pending || c->is_kicked || !c->is_open)
			return 0;
	return 1;
}

static void wake_if_quiet(struct tiny *w)
{
	for (uint32_t fiber = 0; is_quiet(w) && fiber < TINY_NR_FIBERS; fiber++)
		engine_wake(w->e, fiber);
}

/* The lowest id first, then the kick; or another order, which costs. */
static void take_one(struct tiny_cpu *c)
{
	struct tiny *w = c->w;
	uint32_t nr = (uint32_t)__builtin_popcount(c->pending), chosen, ids = c->pending;

	chosen = engine_choose(w->e, nr + c->is_kicked);
	if (chosen == nr) {
		c->is_kicked = 0;
		engine_note(w->e, "takes the kick");
		mirq_service(w->m, c->cpu);
		return;
	}
	while (chosen--)
		ids &= ids - 1;
	c->pending &= ~(ids & (0 - ids));
	c->served = TINY_FIRST_ID + (uint32_t)__builtin_ctz(ids);
	c->is_served = 1;
	engine_note(w->e, "takes id %u", c->served);
	mirq_dispatch(w->m, c->cpu, c->served);
	if (c->is_served)
		engine_fail(w->e, "id %u was not ended", c->served);
}

static int cpu_hook(void *context)
{
	struct tiny_cpu *c = context;
	int did = 0;

	while (c->is_open && (c->pending || c->is_kicked)) {
		c->is_open = 0;
		at_wire(c->w, ENGINE_WRITE);
		atomics_join(c->w->e);
		take_one(c);
		c->is_open = 1;
		did = 1;
	}
	if (did)
		wake_if_quiet(c->w);
	return did;
}

/* What has come before the fiber slept does not wake it. */
static void rest(struct tiny_cpu *c)
{
	struct tiny *w = c->w;

	wake_if_quiet(w);
	while (!is_quiet(w)) {
		if (c->pending || c->is_kicked)
			at_wire(w, ENGINE_READ);
		else
			engine_sleep(w->e);
	}
}

static void cpu_body(void *context)
{
	struct tiny_cpu *c = context;

	if (c->job) {
		c->job(c->w);
		at_wire(c->w, ENGINE_WRITE);
		c->w->nr_busy--;
	}
	rest(c);
}

static void raise_slot(struct tiny *w, uint32_t index)
{
	struct tiny_slot *slot = &w->slots[index];

	at_wire(w, ENGINE_DELIVER);
	engine_note(w->e, "slot %u raised%s", index, slot->is_masked ? ": kept, masked" : "");
	for (struct tiny_user *u = w->users; u < w->users + TINY_NR_USERS; u++)
		if (u->w && u->slot == index) {
			u->nr_events++;
			u->is_owed |= u->is_requested;
		}
	if (slot->is_masked)
		slot->is_pending = 1;
	else if (w->init.options & TINY_WORDS)
		sample(w, index);
	else
		send(w, &slot->msg);
}

/* The device raises what it shall; messages, also those that unmasking sends, arrive. */
static void device_body(void *context)
{
	struct tiny *w = context;

	for (uint32_t slot = 0; slot < TINY_NR_SLOTS; slot++)
		for (uint32_t i = 0; i < w->init.nr_raised[slot]; i++) {
			raise_slot(w, slot);
			while (w->nr_flights)
				step_flight(w);
		}
	w->nr_busy--;
	wake_if_quiet(w);
	while (!is_quiet(w)) {
		if (w->nr_flights)
			step_flight(w);
		else
			engine_sleep(w->e);
	}
}

/* ---- The oracle ---- */

static enum mirq_handled handle(void *context)
{
	struct tiny_user *u = context;
	struct tiny *w = u->w;
	uint32_t is_later = 0;

	at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "handler %u begins", (uint32_t)(u - w->users));
	if (u->is_gone)
		engine_fail(w->e, "a handler is called after its release");
	if (u->is_quiet)
		engine_fail(w->e, "a handler is called while disabled");
	if (w->is_running[u->slot]++)
		engine_fail(w->e, "two handlers of one interrupt run at once");
	if (++u->nr_calls > u->nr_events)
		engine_fail(w->e, "a handler is called more often than its interrupt was raised");
	u->is_owed = 0;
	if (u->nr_later) {
		u->nr_later--;
		w->nr_later++;
		is_later = 1;
	}
	at_wire(w, ENGINE_WRITE);
	w->is_running[u->slot]--;
	engine_note(w->e, "handler %u ends%s", (uint32_t)(u - w->users), is_later ? ": LATER" : "");
	return is_later ? MIRQ_LATER : MIRQ_HANDLED;
}

static void must(struct tiny *w, enum mirq_err err, const char *call)
{
	if (err)
		engine_fail(w->e, "%s: %s", call, mirq_err_text(err));
}

static struct mirq_irqs irq_at(struct tiny *w, uint32_t slot)
{
	struct mirq_irqs irq = { w->store, { slot, slot + 1 } };

	return irq;
}

void tiny_alloc(struct tiny *w, uint32_t slot, uint32_t cpu)
{
	struct mirq_irq_want want = { .size_bytes = sizeof(want) };
	struct mirq_irqs irq;

	want.at = irq_at(w, slot).slots;
	want.cpus = mirq_cpus_one(cpu);
	must(w, mirq_irq_alloc(w->store, &want, &irq), "alloc");
}

void tiny_request(struct tiny *w, uint32_t user, uint32_t slot, uint32_t flags)
{
	struct mirq_irq_handler h = { .size_bytes = sizeof(h), .handle = handle, .flags = flags };
	struct tiny_user *u = &w->users[user];

	at_wire(w, ENGINE_WRITE);
	u->w = w;
	u->slot = slot;
	h.context = u;
	u->nr_events += w->slots[slot].is_pending;
	must(w, mirq_irq_request(irq_at(w, slot), &h), "request");
	at_register(w, ENGINE_WRITE); /* a driver tells its device to begin */
	engine_note(w->e, "requested");
	u->is_requested = 1;
}

static struct tiny_user *leave(struct tiny *w, uint32_t user)
{
	at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "releases");
	w->users[user].is_requested = w->users[user].is_owed = 0;
	w->nr_leaves++;
	return &w->users[user];
}

static void gone(struct tiny *w, struct tiny_user *u)
{
	at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "released");
	u->is_gone = 1;
}

void tiny_release(struct tiny *w, uint32_t user)
{
	struct mirq_irq_handler h = { .size_bytes = sizeof(h), .handle = handle };
	struct tiny_user *u = leave(w, user);

	h.context = u;
	must(w, mirq_irq_release(irq_at(w, u->slot), &h), "release");
	gone(w, u);
}

void tiny_free(struct tiny *w, uint32_t user)
{
	struct tiny_user *u = leave(w, user);

	must(w, mirq_irq_free(irq_at(w, u->slot)), "free");
	gone(w, u);
}

void tiny_move(struct tiny *w, uint32_t cpu)
{
	engine_note(w->e, "moves to cpu%u", cpu);
	must(w, mirq_affinity_set(irq_at(w, 0), mirq_cpus_one(cpu), NULL), "move");
	engine_note(w->e, "moved");
}

void tiny_resend(struct tiny *w, uint32_t user)
{
	struct tiny_user *u = &w->users[user];

	at_wire(w, ENGINE_WRITE);
	u->nr_events++;
	u->is_owed |= u->is_requested;
	must(w, mirq_irq_resend(irq_at(w, u->slot)), "resend");
}

void tiny_pause(struct tiny *w, uint32_t user)
{
	struct tiny_user *u = &w->users[user];

	mirq_irq_disable(irq_at(w, u->slot));
	must(w, mirq_irq_sync(irq_at(w, u->slot)), "sync");
	at_wire(w, ENGINE_WRITE);
	u->is_quiet = 1;
	engine_note(w->e, "disabled");
	at_wire(w, ENGINE_WRITE);
	u->is_quiet = 0;
	must(w, mirq_irq_enable(irq_at(w, u->slot)), "enable");
	engine_note(w->e, "enabled");
}

/* ---- Begin and end ---- */

static void make_system(struct tiny *w)
{
	struct mirq_init init = { .size_bytes = sizeof(init), .nr_cpus = TINY_NR_CPUS };
	struct mirq_root_init root = {
		.size_bytes = sizeof(root),
		.name = "root",
		.ops = w->init.options & TINY_NO_RESEND ? &root_ops_no_resend : &root_ops,
		.data = w,
		.ids = { TINY_FIRST_ID, TINY_FIRST_ID + w->init.nr_ids },
		.carries = MIRQ_CARRIES_ONE,
		.traits = MIRQ_ROOT_ENDS_EDGE_FIRST | MIRQ_ROOT_ADDRESS_HAS_TARGET,
	};
	struct mirq_remapper_init table = {
		.size_bytes = sizeof(table),
		.name = "table",
		.ops = &table_ops,
		.data = w,
		.nr_entries = TINY_NR_ENTRIES,
		.carries = MIRQ_CARRIES_ONE,
		.traits = MIRQ_REMAPPER_DRAINS,
	};
	struct mirq_device_init dev = { .size_bytes = sizeof(dev), .name = "device" };
	struct mirq_store_init store = {
		.size_bytes = sizeof(store),
		.kind = w->init.options & TINY_WORDS ? &store_kind_words : &store_kind,
		.data = w,
		.nr_slots = TINY_NR_SLOTS,
	};

	w->host = (struct mirq_host){ &host_ops, w };
	init.host = &w->host;
	must(w, mirq_init(&init, &w->m), "init");
	must(w, mirq_root_attach(w->m, &root, &w->root), "root");
	for (uint32_t cpu = 0; cpu < TINY_NR_CPUS; cpu++) {
		struct mirq_cpu_init add = { .size_bytes = sizeof(add), .cpu = cpu };

		add.hardware_id = cpu;
		w->boot_cpu = cpu;
		must(w, mirq_cpu_add(w->m, &add), "add");
		must(w, mirq_cpu_online(w->m, cpu), "online");
	}
	if (is_behind_table(w))
		must(w, mirq_remapper_attach(w->m, &table, &dev.parent), "table");
	must(w, mirq_device_attach(w->m, &dev, &w->dev), "device");
	must(w, mirq_store_attach(w->dev, &store, &w->store), "store");
}

struct tiny *tiny_begin(struct engine *e, const struct tiny_init *init)
{
	static const struct engine_hooks hooks = { .idle = pass_time };
	struct tiny *w = engine_alloc(e, sizeof(*w));

	watch_crashes();
	*engine_slot(e, ENGINE_SLOT_OWN) = w;
	w->e = e;
	w->init = *init;
	w->nr_busy = 1;
	atomics_begin(e, w->init.options & TINY_C11 ? ATOMICS_C11 : ATOMICS_TSO);
	engine_name(e, &w->wire, "hardware");
	engine_add_hooks(e, &hooks, w);
	for (uint32_t slot = 0; slot < TINY_NR_SLOTS; slot++)
		w->slots[slot].is_masked = !(init->options & TINY_WORDS);
	make_system(w);
	for (uint32_t cpu = 0; cpu < TINY_NR_CPUS; cpu++) {
		struct tiny_cpu *c = &w->cpus[cpu];

		*c = (struct tiny_cpu){ .w = w, .cpu = cpu, .job = init->jobs[cpu], .is_open = 1 };
		w->nr_busy += c->job != NULL;
		engine_spawn(e, cpu ? "cpu1" : "cpu0", 1, cpu_body, c);
		engine_on_point(e, cpu, cpu_hook, c);
	}
	engine_spawn(e, "device", 1, device_body, w);
	return w;
}

/* What may differ from schedule to schedule. */
static void tell_state(struct tiny *w)
{
	struct mirq_cpu_info cpu;

	for (const struct tiny_user *u = w->users; u < w->users + TINY_NR_USERS; u++)
		engine_state(w->e, (uint64_t)u->nr_events << 32 | u->nr_calls);
	for (uint32_t i = 0; i < TINY_NR_CPUS; i++) {
		must(w, mirq_cpu_inspect(w->m, i, &cpu), "inspect");
		engine_state(w->e, (uint64_t)cpu.nr_used << 32 | cpu.nr_late);
	}
}

/* Ids that are taken must be those of interrupts: the others have retired by now. */
static void check_rest(struct tiny *w)
{
	struct mirq_domain_info root;
	struct mirq_cpu_info cpu;
	struct mirq_info info;
	struct mirq_why why = { 0 };

	for (const struct tiny_user *u = w->users; u < w->users + TINY_NR_USERS; u++)
		if (u->is_owed)
			engine_fail(w->e, "an event is lost");
	if (mirq_check(w->m, &why))
		engine_fail(w->e, "broken: %s", why.text);
	mirq_domain_inspect(w->root, &root);
	mirq_inspect(w->m, &info);
	if (root.nr_used != info.nr_irqs)
		engine_fail(w->e, "%u ids are taken by %u interrupts", root.nr_used, info.nr_irqs);
	if (info.nr_quarantined)
		engine_fail(w->e, "quarantine though everything answered");
	for (uint32_t i = 0; i < TINY_NR_CPUS; i++)
		if (mirq_cpu_inspect(w->m, i, &cpu) || cpu.nr_stray ||
		    (cpu.nr_late && !w->nr_leaves))
			engine_fail(w->e, "cpu%u: %u events are stray, %u late", i,
				    (uint32_t)cpu.nr_stray, (uint32_t)cpu.nr_late);
}

void tiny_finish(struct tiny *w)
{
	struct mirq_irqs all = mirq_store_irqs(w->store);
	struct mirq_domain_info root;

	check_rest(w);
	tell_state(w);
	if (engine_has_failed(w->e))
		return;
	must(w, mirq_irq_free(all), "free");
	for (w->boot_cpu = 0; w->boot_cpu < TINY_NR_CPUS; w->boot_cpu++)
		mirq_service(w->m, w->boot_cpu);
	w->boot_cpu = 0;
	mirq_domain_inspect(w->root, &root);
	if (root.nr_used)
		engine_fail(w->e, "%u ids were not given back", root.nr_used);
	mirq_fini(w->m);
	if (w->nr_bytes)
		engine_fail(w->e, "%zu bytes were not given back", w->nr_bytes);
}

void tiny_scenario_begin(struct engine *e, const struct scenario *s)
{
	const struct tiny_init *init = s->init;

	init->prepare(tiny_begin(e, init));
}

void tiny_scenario_finish(struct engine *e, const struct scenario *s, enum engine_end end)
{
	(void)s;
	if (end == ENGINE_DONE)
		tiny_finish(*engine_slot(e, ENGINE_SLOT_OWN));
}
