/* SPDX-License-Identifier: MIT */
/*
 * mock.c - see mock.h. Locking: m->lock around stores, entries and the log; never held over a call
 * of the library.
 */
#include "mock.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/core.h"

#define ROOT_ADDRESS UINT64_C(0x10000000)  /* | hw_target << 8; data: id */
#define ROOT_DEASSERT UINT64_C(0x48)       /* or-ed in: the level ends before it was taken */
#define TABLE_ADDRESS UINT64_C(0x20000000) /* data: entry */
#define MUX_ADDRESS UINT64_C(0xfee00000)   /* | line << 12; data: id, or 0 */

static const char *const op_names[] = {
	[MOCK_OP_CPU_UP] = "cpu_up",
	[MOCK_OP_CPU_DOWN] = "cpu_down",
	[MOCK_OP_COMPOSE] = "compose",
	[MOCK_OP_MASK] = "mask",
	[MOCK_OP_UNMASK] = "unmask",
	[MOCK_OP_CLAIM] = "claim",
	[MOCK_OP_EOI] = "eoi",
	[MOCK_OP_PENDING] = "pending",
	[MOCK_OP_RESEND] = "resend",
	[MOCK_OP_FINI] = "fini",
	[MOCK_OP_ATTACH] = "attach",
	[MOCK_OP_DETACH] = "detach",
	[MOCK_OP_ALLOC] = "alloc",
	[MOCK_OP_FREE] = "free",
	[MOCK_OP_PROGRAM] = "program",
	[MOCK_OP_CLEAR] = "clear",
	[MOCK_OP_FLUSH] = "flush",
	[MOCK_OP_INJECT] = "inject",
	[MOCK_OP_FAULTS] = "faults",
	[MOCK_OP_TRANSLATE] = "translate",
	[MOCK_OP_SETUP] = "setup",
	[MOCK_OP_TEARDOWN] = "teardown",
	[MOCK_OP_ENABLE] = "enable",
	[MOCK_OP_DISABLE] = "disable",
	[MOCK_OP_SLOT_INIT] = "slot_init",
	[MOCK_OP_SLOT_FINI] = "slot_fini",
	[MOCK_OP_WRITE] = "write",
	[MOCK_OP_MASK_ALL] = "mask_all",
	[MOCK_OP_UNMASK_ALL] = "unmask_all",
	[MOCK_OP_SET_TRIGGER] = "set_trigger",
	[MOCK_OP_BUSY] = "busy",
	[MOCK_OP_BEGIN] = "begin",
	[MOCK_OP_COMMIT] = "commit",
};

/* ---- log, counters, scripts ---- */

static void log_line(struct mock *m, const char *line)
{
	size_t bytes = strlen(line) + 1;

	if (m->is_quiet)
		return;
	pthread_mutex_lock(&m->lock);
	if (m->log_bytes + bytes + 1 > m->log_room) {
		m->log_room = 2 * (m->log_bytes + bytes + 1);
		m->log = realloc(m->log, m->log_room);
		assert_non_null(m->log);
	}
	memcpy(m->log + m->log_bytes, line, bytes - 1);
	m->log_bytes += bytes;
	m->log[m->log_bytes - 1] = '\n';
	m->log[m->log_bytes] = 0;
	pthread_mutex_unlock(&m->lock);
}

void mock_log(struct mock *m, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log_line(m, line);
}

void mock_log_clear(struct mock *m)
{
	pthread_mutex_lock(&m->lock);
	m->log_bytes = 0;
	if (m->log)
		m->log[0] = 0;
	pthread_mutex_unlock(&m->lock);
}

static void compare_logs(const char *wanted, const char *found)
{
	if (!strcmp(wanted, found))
		return;
	print_error("--- wanted:\n%s--- found:\n%s---\n", wanted, found);
	fail();
}

void mock_expect(struct mock *m, const char *lines)
{
	compare_logs(lines, m->log_bytes ? m->log : "");
	mock_log_clear(m);
}

void mock_expect_of(struct mock *m, const char *name, const char *lines)
{
	char *found = calloc(1, m->log_bytes + 1), *at = found;
	const char *line = m->log_bytes ? m->log : "";
	size_t bytes, name_bytes = strlen(name);

	assert_non_null(found);
	for (; *line; line += bytes) {
		bytes = (size_t)(strchr(line, '\n') - line) + 1;
		if (strncmp(line, name, name_bytes) || !strchr(". ", line[name_bytes]))
			continue;
		memcpy(at, line, bytes);
		at += bytes;
	}
	compare_logs(lines, found);
	free(found);
	mock_log_clear(m);
}

static struct mock_calls *calls_of(struct mock *m, const char *op)
{
	const char *dot = strchr(op, '.');

	assert_non_null(dot);
	for (struct mock_domain *d = m->domains; d; d = d->next) {
		if (strlen(d->name) != (size_t)(dot - op) || strncmp(d->name, op, strlen(d->name)))
			continue;
		for (uint32_t i = 0; i < MOCK_NR_OPS; i++)
			if (!strcmp(op_names[i], dot + 1))
				return &d->calls[i];
	}
	fail_msg("no such op: %s", op);
	return NULL;
}

uint64_t mock_count(struct mock *m, const char *op)
{
	return atomic_load(&calls_of(m, op)->nr);
}

/* Scripts count calls from when they are written: both start together. */
void mock_forget(struct mock *m)
{
	for (struct mock_domain *d = m->domains; d; d = d->next)
		memset(d->calls, 0, sizeof(d->calls));
}

void mock_fail(struct mock *m, const char *op, uint64_t first, uint64_t nr, enum mirq_err err)
{
	struct mock_calls *calls = calls_of(m, op);

	calls->fail_first = atomic_load(&calls->nr) + first;
	calls->fail_limit = nr ? calls->fail_first + nr : UINT64_MAX;
	calls->err = err;
}

void mock_fail_never(struct mock *m)
{
	for (struct mock_domain *d = m->domains; d; d = d->next)
		for (uint32_t i = 0; i < MOCK_NR_OPS; i++)
			d->calls[i].fail_first = d->calls[i].fail_limit = 0;
}

static void call_hook(struct mock_domain *d, enum mock_op op)
{
	struct mock *m = d->mock;
	void (*hook)(void *context, struct mock_domain *d, enum mock_op op) = m->hook;

	if (!hook)
		return;
	m->hook = NULL;
	hook(m->hook_context, d, op);
	m->hook = hook;
}

/* Count a call; what it must answer. */
static enum mirq_err count(struct mock_domain *d, enum mock_op op)
{
	struct mock_calls *calls = &d->calls[op];
	uint64_t nr = atomic_fetch_add_explicit(&calls->nr, 1, memory_order_relaxed) + 1;

	call_hook(d, op);
	return nr >= calls->fail_first && nr < calls->fail_limit ? calls->err : MIRQ_OK;
}

/* The same, with a line in the log: "name.op", and a space and the rest if there is one. */
static enum mirq_err note(struct mock_domain *d, enum mock_op op, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static enum mirq_err note(struct mock_domain *d, enum mock_op op, const char *format, ...)
{
	enum mirq_err err = count(d, op);
	char rest[192];
	va_list args;

	va_start(args, format);
	vsnprintf(rest, sizeof(rest), format, args);
	va_end(args);
	mock_log(d->mock, "%s.%s%s%s%s", d->name, op_names[op], *rest ? " " : "", rest,
		 err ? " !" : "");
	return err;
}

static void violation(struct mock_domain *d, const char *text, uint64_t at)
{
	struct mock *m = d->mock;

	pthread_mutex_lock(&m->lock);
	if (!m->violation) {
		m->violation = text;
		snprintf(m->violation_at, sizeof(m->violation_at), "%s %llu", d->name,
			 (unsigned long long)at);
	}
	pthread_mutex_unlock(&m->lock);
}

static void add_domain(struct mock *m, struct mock_domain *d, const char *name)
{
	d->mock = m;
	d->name = name;
	d->next = m->domains;
	m->domains = d;
}

/* ---- root ---- */

void mock_set_pending(struct mock *m, uint32_t cpu, uint32_t id)
{
	atomic_store_explicit(&m->root.cpus[cpu].irr[id], 1, memory_order_release);
}

int mock_is_pending(struct mock *m, uint32_t cpu, uint32_t id)
{
	return atomic_load_explicit(&m->root.cpus[cpu].irr[id], memory_order_acquire);
}

static enum mirq_err root_cpu_up(void *data, uint32_t cpu, uint32_t hw_target)
{
	struct mock_root *r = data;

	return note(&r->d, MOCK_OP_CPU_UP, "%u target 0x%x", cpu, hw_target);
}

static void root_cpu_down(void *data, uint32_t cpu)
{
	struct mock_root *r = data;

	(void)note(&r->d, MOCK_OP_CPU_DOWN, "%u", cpu);
}

static void root_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			 struct mirq_msg *out_msg)
{
	struct mock_root *r = data;

	(void)count(&r->d, MOCK_OP_COMPOSE);
	if (route->id & ((1u << block_log2) - 1))
		violation(&r->d, "a block was composed that is not aligned", route->id);
	out_msg->address = ROOT_ADDRESS | (uint64_t)route->hw_target << 8;
	out_msg->data = route->id;
	if (!(r->init.carries & MIRQ_CARRIES_TWO_MESSAGES))
		return;
	out_msg[1] = out_msg[0];
	out_msg[1].address |= ROOT_DEASSERT;
}

static void root_mask(void *data, const struct mirq_route *route)
{
	struct mock_root *r = data;

	(void)note(&r->d, MOCK_OP_MASK, "%u:%u", route->cpu, route->id);
	atomic_store(&r->cpus[route->cpu].open[route->id], 0);
}

static void root_unmask(void *data, const struct mirq_route *route)
{
	struct mock_root *r = data;

	(void)note(&r->d, MOCK_OP_UNMASK, "%u:%u", route->cpu, route->id);
	atomic_store(&r->cpus[route->cpu].open[route->id], 1);
}

/* The lowest id that a CPU would take now, or MIRQ_NO_ID; it is taken. */
static uint32_t root_accept(struct mock_root *r, uint32_t cpu)
{
	for (uint32_t id = 0; id < MOCK_MAX_IDS; id++) {
		if (!atomic_load_explicit(&r->cpus[cpu].irr[id], memory_order_acquire) ||
		    (r->ops.mask && !atomic_load(&r->cpus[cpu].open[id])) ||
		    (r->ops.eoi && atomic_load(&r->cpus[cpu].isr[id])))
			continue;
		atomic_store_explicit(&r->cpus[cpu].isr[id], !!r->ops.eoi, memory_order_relaxed);
		atomic_store_explicit(&r->cpus[cpu].irr[id], 0, memory_order_release);
		return id;
	}
	return MIRQ_NO_ID;
}

static uint32_t root_claim(void *data, uint32_t cpu)
{
	struct mock_root *r = data;
	uint32_t id = root_accept(r, cpu);

	(void)count(&r->d, MOCK_OP_CLAIM);
	if (id != MIRQ_NO_ID)
		mock_log(r->d.mock, "%s.claim %u:%u", r->d.name, cpu, id);
	return id;
}

/* Tests dispatch ids directly too: only an end of what was never begun by mock_take() is a breach
 * when something else is in service there. */
static void root_eoi(void *data, uint32_t cpu, uint32_t id)
{
	struct mock_root *r = data;

	(void)note(&r->d, MOCK_OP_EOI, "%u:%u", cpu, id);
	if (id < MOCK_MAX_IDS)
		atomic_store_explicit(&r->cpus[cpu].isr[id], 0, memory_order_relaxed);
}

static enum mirq_pending root_pending(void *data, uint32_t cpu, uint32_t id)
{
	struct mock_root *r = data;

	(void)count(&r->d, MOCK_OP_PENDING);
	return mock_is_pending(r->d.mock, cpu, id) ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

static void root_resend(void *data, const struct mirq_route *route)
{
	struct mock_root *r = data;

	(void)note(&r->d, MOCK_OP_RESEND, "%u:%u", route->cpu, route->id);
	mock_set_pending(r->d.mock, route->cpu, route->id);
}

static enum mirq_err root_set_trigger(void *data, uint32_t id, enum mirq_trigger trigger)
{
	struct mock_root *r = data;

	return note(&r->d, MOCK_OP_SET_TRIGGER, "%u %u", id, trigger);
}

static uint32_t root_where(void *data, uint32_t id)
{
	struct mock_root *r = data;

	(void)id;
	return r->where;
}

static void root_fini(void *data)
{
	struct mock_root *r = data;

	(void)note(&r->d, MOCK_OP_FINI, "%s", "");
}

const struct mirq_root_ops mock_root_all = {
	MIRQ_SIZED(mirq_root_ops), .cpu_up = root_cpu_up, .cpu_down = root_cpu_down,
	.compose = root_compose,   .mask = root_mask,     .unmask = root_unmask,
	.claim = root_claim,       .eoi = root_eoi,       .pending = root_pending,
	.resend = root_resend,     .fini = root_fini,     .set_trigger = root_set_trigger,
	.where = root_where,
};

/* ---- muxes ---- */

static void mux_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			struct mirq_msg *out_msg)
{
	struct mock_mux *x = data;

	(void)count(&x->d, MOCK_OP_COMPOSE);
	if (route->id & ((1u << block_log2) - 1) || route->cpu != route->hw_target)
		violation(&x->d, "a route was composed that is no line's", route->id);
	out_msg->address = MUX_ADDRESS | (uint64_t)route->cpu << 12;
	out_msg->data = x->ops.claim ? route->id : 0;
}

static uint32_t mux_claim(void *data, uint32_t line)
{
	struct mock_mux *x = data;
	uint32_t id = 0;

	while (id < MOCK_MUX_IDS && !atomic_exchange(&x->waits[line][id], 0))
		id++;
	(void)note(&x->d, MOCK_OP_CLAIM, "%u:%d", line, id < MOCK_MUX_IDS ? (int)id : -1);
	return id < MOCK_MUX_IDS ? id : MIRQ_NO_ID;
}

static void mux_fini(void *data)
{
	struct mock_mux *x = data;

	(void)note(&x->d, MOCK_OP_FINI, "%s", "");
}

const struct mirq_secondary_ops mock_mux_all = {
	MIRQ_SIZED(mirq_secondary_ops),
	.compose = mux_compose,
	.claim = mux_claim,
	.fini = mux_fini,
};

struct mock_mux *mock_mux_new(struct mock *m, const char *name, struct mock_store *controller,
			      struct mirq_irqs lines)
{
	struct mock_mux *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	add_domain(m, &x->d, name);
	x->controller = controller;
	x->ops = mock_mux_all;
	x->ops.claim = NULL;
	x->init = (struct mirq_secondary_init){ MIRQ_SIZED(mirq_secondary_init),
						.name = name,
						.ops = &x->ops,
						.data = x,
						.lines = lines,
						.ids = { 0, MOCK_MUX_IDS },
						.carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS |
							   MIRQ_CARRIES_DEVICE_STORES,
						.traits = MIRQ_ROOT_ADDRESS_HAS_TARGET,
						.why = &m->why };
	x->next = m->muxes;
	m->muxes = x;
	return x;
}

enum mirq_err mock_mux_attach(struct mock_mux *x)
{
	return mirq_secondary_attach(x->d.mock->m, &x->init, &x->domain);
}

/* ---- what hardware does ---- */

static void arrive_at_root(struct mock *m, struct mirq_msg msg)
{
	uint32_t cpu = (uint32_t)(msg.address >> 8 & 0xfffff) - MOCK_HW_TARGET;

	int is_end = (m->root.init.carries & MIRQ_CARRIES_TWO_MESSAGES) &&
		     (msg.address & 0xff) == ROOT_DEASSERT;

	if (is_end)
		msg.address &= ~ROOT_DEASSERT;
	if ((msg.address & ~UINT64_C(0xfffff00)) != ROOT_ADDRESS || cpu >= MIRQ_HOSTED_CPUS ||
	    msg.data >= MOCK_MAX_IDS) {
		m->nr_unrouted++;
		return;
	}
	atomic_store_explicit(&m->root.cpus[cpu].irr[msg.data], !is_end, memory_order_release);
}

static struct mock_remapper *remapper_of(struct mock *m, const struct mirq_domain *domain)
{
	struct mock_remapper *r = m->remappers;

	while (r && r->domain != domain)
		r = r->next;
	return r;
}

static void arrive_at_table(struct mock_remapper *r, struct mirq_msg msg) MIRQ_MUST_HOLD(m->lock)
{
	struct mock_entry *e = &r->live[msg.data < r->init.nr_entries ? msg.data : 0];

	if (msg.address != TABLE_ADDRESS || msg.data >= r->init.nr_entries || !e->is_present) {
		r->nr_blocked++;
		return;
	}
	if (r->entries[msg.data].is_masked) {
		r->entries[msg.data].is_pending = 1;
		return;
	}
	mock_set_pending(r->d.mock, e->hw_target - MOCK_HW_TARGET, e->id);
}

static void slot_arm(struct mock_store *s, uint32_t index) MIRQ_MUST_HOLD(m->lock);

/* 1: it was a message to a mux. */
static int arrive_at_mux(struct mock *m, const struct mirq_domain *domain, struct mirq_msg msg)
	MIRQ_MUST_HOLD(m->lock)
{
	uint32_t line = (uint32_t)(msg.address >> 12) & 0xff;
	struct mock_mux *x = m->muxes;

	while (x && x->domain != domain)
		x = x->next;
	if (!x)
		return 0;
	if (msg.address >> 20 != MUX_ADDRESS >> 20 || msg.address & 0xfff ||
	    line >= mirq_irq_count(x->init.lines) || msg.data >= MOCK_MUX_IDS) {
		m->nr_unrouted++;
		return 1;
	}
	x->waits[line][msg.data] = 1;
	slot_arm(x->controller, x->init.lines.slots.first + line);
	return 1;
}

/* Through shims to a table, a mux or the root. */
static void travel(struct mock *m, const struct mirq_domain *domain, struct mirq_msg msg)
	MIRQ_MUST_HOLD(m->lock)
{
	for (; domain && domain->role == MIRQ_ROLE_REMAPPER; domain = domain->parent) {
		struct mock_remapper *r = remapper_of(m, domain);

		if (!r) {
			if (!m->foreign(m, domain, &msg))
				return;
			continue;
		}
		if (r->init.nr_entries) {
			arrive_at_table(r, msg);
			return;
		}
		msg.address -= r->offset;
	}
	if (!arrive_at_mux(m, domain, msg))
		arrive_at_root(m, msg);
}

void mock_send(struct mock *m, const struct mirq_domain *domain, struct mirq_msg msg)
{
	pthread_mutex_lock(&m->lock);
	travel(m, domain, msg);
	pthread_mutex_unlock(&m->lock);
}

int mock_take(struct mock *m, uint32_t cpu)
{
	uint32_t id;

	if (m->root.ops.claim) {
		for (id = 0; id < MOCK_MAX_IDS; id++)
			if (mock_is_pending(m, cpu, id) && atomic_load(&m->root.cpus[cpu].open[id]))
				break;
		if (id == MOCK_MAX_IDS)
			return 0;
		mock_claim(m, cpu);
		return 1;
	}
	id = root_accept(&m->root, cpu);
	if (id == MIRQ_NO_ID)
		return 0;
	mirq_hosted_dispatch(&m->host, cpu, id);
	return 1;
}

struct claim {
	struct mirq *m;
	uint32_t cpu, nr;
};

static void take_claim(void *context)
{
	struct claim *c = context;

	c->nr = mirq_dispatch_claim(c->m, c->cpu);
}

uint32_t mock_claim(struct mock *m, uint32_t cpu)
{
	struct claim c = { m->m, cpu, 0 };

	mirq_hosted_interrupt(&m->host, cpu, take_claim, &c);
	return c.nr;
}

uint32_t mock_deliver(struct mock *m)
{
	uint32_t nr = 0, before;

	for (uint32_t round = 0; round < 1000; round++) {
		before = nr;
		for (uint32_t cpu = 0; cpu < m->m->nr_cpus; cpu++) {
			mirq_hosted_serve(&m->host, cpu);
			while (nr < 100000 && mock_take(m, cpu))
				nr++;
		}
		if (nr == before)
			return nr;
	}
	fail_msg("interrupts do not come to an end");
	return nr;
}

/* ---- remappers ---- */

static char *list_entries(const struct mirq_batch *batch, int with_routes, char *text, size_t room)
{
	const void *cursor = NULL;
	struct mirq_member member;
	size_t used = 0;
	uint32_t i = 0;

	text[0] = 0;
	for (; mirq_batch_next(batch, &cursor, &member) && used + 24 < room; i++) {
		used += (size_t)snprintf(text + used, room - used, "%s%u", i ? "," : "",
					 member.hop->hwirq);
		if (with_routes)
			used += (size_t)snprintf(text + used, room - used, ">%u:%u",
						 member.route->cpu, member.route->id);
		if (i == 7 && mirq_batch_count(batch) > 8) {
			snprintf(text + used, room - used, ",+%u", mirq_batch_count(batch) - 8);
			break;
		}
	}
	return text;
}

static enum mirq_err note_batch(struct mock_remapper *r, enum mock_op op, void *ctx,
				const struct mirq_batch *batch)
{
	char text[160];

	if (r->ops.attach && ctx != &r->nr_attached)
		violation(&r->d, "an op was called with another context than attach gave", 0);
	return note(&r->d, op, "%s",
		    list_entries(batch, op == MOCK_OP_PROGRAM, text, sizeof(text)));
}

static enum mirq_err table_attach(void *data, const struct mirq_requesters *who,
				  uint32_t max_entries, void **out_ctx, struct mirq_why *why)
{
	struct mock_remapper *r = data;
	enum mirq_err err = note(&r->d, MOCK_OP_ATTACH, "%u ids from 0x%x, %u entries", who->nr_ids,
				 who->nr_ids ? who->ids[0].first : 0, max_entries);

	if (err)
		return mirqi_fail(why, err, 0, r->d.name, "mock: attach was told to fail");
	r->nr_attached++;
	*out_ctx = &r->nr_attached;
	return MIRQ_OK;
}

static void table_detach(void *data, void *ctx)
{
	struct mock_remapper *r = data;

	(void)note(&r->d, MOCK_OP_DETACH, "%s", "");
	if (ctx != &r->nr_attached || !r->nr_attached)
		violation(&r->d, "detach without attach", 0);
	r->nr_attached--;
}

/* The lowest aligned row of free entries, or nr_entries. */
static uint32_t find_entries(const struct mock_remapper *r, uint32_t nr)
{
	uint32_t i, first;

	for (first = 0; first + nr <= r->init.nr_entries; first += nr) {
		for (i = 0; i < nr && !r->entries[first + i].is_allocated; i++)
			;
		if (i == nr)
			return first;
	}
	return r->init.nr_entries;
}

static uint32_t free_entries(const struct mock_remapper *r)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < r->init.nr_entries; i++)
		nr += !r->entries[i].is_allocated;
	return nr;
}

static enum mirq_err give_entries(struct mock_remapper *r, const struct mirq_batch *batch,
				  uint32_t block_log2) MIRQ_MUST_HOLD(m->lock)
{
	const void *cursor = NULL;
	struct mirq_member member;
	uint32_t at = find_entries(r, 1u << block_log2);

	if (free_entries(r) < mirq_batch_count(batch) || at == r->init.nr_entries)
		return MIRQ_ENOSPC;
	while (mirq_batch_next(batch, &cursor, &member)) {
		if (!block_log2)
			at = find_entries(r, 1);
		if (r->entries[at].is_present || r->live[at].is_present)
			return MIRQ_EINVAL;
		memset(&r->entries[at], 0, sizeof(r->entries[at]));
		r->entries[at].is_allocated = 1;
		member.hop->hwirq = at;
		member.hop->word = at + 1;
		at++;
	}
	return MIRQ_OK;
}

static enum mirq_err table_alloc(void *data, void *ctx, const struct mirq_batch *batch,
				 uint32_t block_log2, struct mirq_why *why)
{
	struct mock_remapper *r = data;
	enum mirq_err err = count(&r->d, MOCK_OP_ALLOC);
	char text[160];

	(void)ctx;
	if (block_log2 && mirq_batch_count(batch) != 1u << block_log2)
		violation(&r->d, "a block of another size than its batch", block_log2);
	pthread_mutex_lock(&r->d.mock->lock);
	if (!err)
		err = give_entries(r, batch, block_log2);
	pthread_mutex_unlock(&r->d.mock->lock);
	mock_log(r->d.mock, "%s.alloc %u block %u%s%s%s", r->d.name, mirq_batch_count(batch),
		 block_log2, err ? " !" : " = ", "",
		 err ? "" : list_entries(batch, 0, text, sizeof(text)));
	if (err == MIRQ_EINVAL)
		violation(&r->d, "an entry that nobody has is present", 0);
	if (err)
		return mirqi_fail_numbers(why, err, r->d.name, "mock: no entry left",
					  mirq_batch_count(batch), free_entries(r), 0);
	return MIRQ_OK;
}

/* Every member's entry is allocated, or the breach is noted. */
static void check_entries(struct mock_remapper *r, const struct mirq_batch *batch, int must_be_gone)
{
	const void *cursor = NULL;
	struct mirq_member member;

	while (mirq_batch_next(batch, &cursor, &member)) {
		uint32_t i = member.hop->hwirq;

		if (i >= r->init.nr_entries || !r->entries[i].is_allocated)
			violation(&r->d, "an op on an entry that is not allocated", i);
		else if (member.hop->word != i + 1)
			violation(&r->d, "a hop's word was lost", i);
		else if (must_be_gone && (r->entries[i].is_present || r->live[i].is_present))
			violation(&r->d, "an entry was freed that hardware still uses", i);
	}
}

/* To memory (or, without a flush, to hardware at once). */
static void set_entries(struct mock_remapper *r, const struct mirq_batch *batch, int is_present)
{
	const void *cursor = NULL;
	struct mirq_member member;

	pthread_mutex_lock(&r->d.mock->lock);
	while (mirq_batch_next(batch, &cursor, &member)) {
		struct mock_entry *e = &r->entries[member.hop->hwirq];

		e->is_present = (uint8_t)is_present;
		e->hw_target = member.route->hw_target;
		e->id = member.route->id;
		/* Hardware may use either form from now on: the old one until the flush. */
		if (!r->ops.flush || (is_present && !r->live[member.hop->hwirq].is_present))
			r->live[member.hop->hwirq] = *e;
	}
	pthread_mutex_unlock(&r->d.mock->lock);
}

static void table_free(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mock_remapper *r = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)note_batch(r, MOCK_OP_FREE, ctx, batch);
	check_entries(r, batch, 1);
	pthread_mutex_lock(&r->d.mock->lock);
	while (mirq_batch_next(batch, &cursor, &member))
		memset(&r->entries[member.hop->hwirq], 0, sizeof(*r->entries));
	pthread_mutex_unlock(&r->d.mock->lock);
}

static enum mirq_err table_program(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mock_remapper *r = data;
	enum mirq_err err = note_batch(r, MOCK_OP_PROGRAM, ctx, batch);

	check_entries(r, batch, 0);
	if (!err)
		set_entries(r, batch, 1);
	return err;
}

static void table_clear(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mock_remapper *r = data;

	(void)note_batch(r, MOCK_OP_CLEAR, ctx, batch);
	check_entries(r, batch, 0);
	set_entries(r, batch, 0);
}

static enum mirq_err table_flush(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mock_remapper *r = data;
	enum mirq_err err = note_batch(r, MOCK_OP_FLUSH, ctx, batch);
	const void *cursor = NULL;
	struct mirq_member member;

	if (err)
		return err;
	pthread_mutex_lock(&r->d.mock->lock);
	while (r->init.nr_entries && mirq_batch_next(batch, &cursor, &member))
		r->live[member.hop->hwirq] = r->entries[member.hop->hwirq];
	pthread_mutex_unlock(&r->d.mock->lock);
	return MIRQ_OK;
}

static void table_compose(void *data, void *ctx, const struct mirq_hop *hop,
			  const struct mirq_route *route, uint32_t block_log2,
			  struct mirq_msg *out_msg)
{
	struct mock_remapper *r = data;

	(void)ctx;
	(void)route;
	(void)count(&r->d, MOCK_OP_COMPOSE);
	if (hop->hwirq & ((1u << block_log2) - 1))
		violation(&r->d, "a block was composed that is not aligned", hop->hwirq);
	out_msg->address = TABLE_ADDRESS;
	out_msg->data = hop->hwirq;
}

static void table_mask(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mock_remapper *r = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)note_batch(r, MOCK_OP_MASK, ctx, batch);
	pthread_mutex_lock(&r->d.mock->lock);
	while (mirq_batch_next(batch, &cursor, &member))
		r->entries[member.hop->hwirq].is_masked = 1;
	pthread_mutex_unlock(&r->d.mock->lock);
}

static void table_unmask(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mock_remapper *r = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)note_batch(r, MOCK_OP_UNMASK, ctx, batch);
	pthread_mutex_lock(&r->d.mock->lock);
	while (mirq_batch_next(batch, &cursor, &member)) {
		struct mock_entry *e = &r->entries[member.hop->hwirq];
		struct mirq_msg msg = { TABLE_ADDRESS, member.hop->hwirq };

		e->is_masked = 0;
		if (e->is_pending)
			arrive_at_table(r, msg);
		e->is_pending = 0;
	}
	pthread_mutex_unlock(&r->d.mock->lock);
}

static enum mirq_err table_inject(void *data, void *ctx, const struct mirq_hop *hop)
{
	struct mock_remapper *r = data;
	enum mirq_err err = note(&r->d, MOCK_OP_INJECT, "%u", hop->hwirq);
	struct mirq_msg msg = { TABLE_ADDRESS, hop->hwirq };

	(void)ctx;
	if (err)
		return err;
	pthread_mutex_lock(&r->d.mock->lock);
	arrive_at_table(r, msg);
	pthread_mutex_unlock(&r->d.mock->lock);
	return MIRQ_OK;
}

static int remapper_faults(void *data, struct mirq_fault *out_fault)
{
	struct mock_remapper *r = data;

	(void)count(&r->d, MOCK_OP_FAULTS);
	if (!r->nr_faults)
		return 0;
	*out_fault = r->faults[--r->nr_faults];
	return 1;
}

static void remapper_fini(void *data)
{
	struct mock_remapper *r = data;

	(void)note(&r->d, MOCK_OP_FINI, "%s", "");
	if (r->nr_attached)
		violation(&r->d, "a remapper leaves while devices are attached", r->nr_attached);
}

static enum mirq_err shim_translate(void *data, void *ctx, const struct mirq_msg *in,
				    struct mirq_msg *out_msg)
{
	struct mock_remapper *r = data;
	enum mirq_err err = count(&r->d, MOCK_OP_TRANSLATE);

	if (r->ops.attach && ctx != &r->nr_attached)
		violation(&r->d, "an op was called with another context than attach gave", 0);
	if (!err && in->address >= r->limit_address)
		err = MIRQ_ENOSPC;
	if (err)
		return err;
	out_msg->address = in->address + r->offset;
	out_msg->data = in->data;
	return MIRQ_OK;
}

const struct mirq_remapper_ops mock_table_all = {
	MIRQ_SIZED(mirq_remapper_ops),
	.attach = table_attach,
	.detach = table_detach,
	.alloc = table_alloc,
	.free = table_free,
	.program = table_program,
	.clear = table_clear,
	.flush = table_flush,
	.compose = table_compose,
	.mask = table_mask,
	.unmask = table_unmask,
	.inject = table_inject,
	.faults = remapper_faults,
	.fini = remapper_fini,
};

static struct mock_remapper *remapper_new(struct mock *m, const char *name)
{
	struct mock_remapper *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	add_domain(m, &r->d, name);
	r->next = m->remappers;
	m->remappers = r;
	r->init = (struct mirq_remapper_init){
		MIRQ_SIZED(mirq_remapper_init),
		.name = name,
		.ops = &r->ops,
		.data = r,
		.carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS | MIRQ_CARRIES_LEVEL |
			   MIRQ_CARRIES_DEVICE_STORES,
		.why = &m->why,
	};
	return r;
}

struct mock_remapper *mock_table_new(struct mock *m, const char *name, uint32_t nr_entries)
{
	struct mock_remapper *r = remapper_new(m, name);

	r->ops = mock_table_all;
	r->ops.mask = r->ops.unmask = NULL;
	r->ops.inject = NULL;
	r->init.nr_entries = nr_entries;
	r->init.max_block_log2 = 5;
	r->init.traits = MIRQ_REMAPPER_DRAINS | MIRQ_REMAPPER_ISOLATES;
	r->entries = calloc(nr_entries, sizeof(*r->entries));
	r->live = calloc(nr_entries, sizeof(*r->live));
	assert_non_null(r->entries);
	assert_non_null(r->live);
	return r;
}

struct mock_remapper *mock_shim_new(struct mock *m, const char *name)
{
	struct mock_remapper *r = remapper_new(m, name);

	r->ops = (struct mirq_remapper_ops){
		MIRQ_SIZED(mirq_remapper_ops), .attach = table_attach,    .detach = table_detach,
		.translate = shim_translate,   .faults = remapper_faults, .fini = remapper_fini,
	};
	r->offset = 0x1000;
	r->limit_address = UINT64_MAX;
	return r;
}

enum mirq_err mock_remapper_attach(struct mock_remapper *r)
{
	return mirq_remapper_attach(r->d.mock->m, &r->init, &r->domain);
}

struct mock_remapper *mock_table(struct mock *m)
{
	struct mock_remapper *r = mock_table_new(m, "table", 256);

	assert_int_equal(mock_remapper_attach(r), MIRQ_OK);
	return r;
}

/* ---- stores ---- */

/* Sleeping stores are touched inside a window only. */
static struct mock_store *touch(const struct mirq_slot *slot, enum mock_op op)
{
	struct mock_store *s = slot->data;

	(void)note(&s->d, op, "%u", slot->index);
	if (s->ops.begin && !s->is_open)
		violation(&s->d, "a store that sleeps was touched outside begin and commit",
			  slot->index);
	if (slot->index >= s->init.nr_slots)
		violation(&s->d, "a slot that does not exist was touched", slot->index);
	return s;
}

static struct mirq_msg message_of(const struct mock_store *s, uint32_t index)
{
	struct mirq_msg msg = s->slots[index].msg[0];

	if (s->kind.traits & MIRQ_STORE_ONE_MESSAGE) {
		msg = s->slots[0].msg[0];
		msg.data |= index;
	}
	return msg;
}

static int is_level(const struct mock_slot *slot)
{
	return slot->trigger >= MIRQ_LEVEL_HIGH;
}

static void slot_send(struct mock_store *s, uint32_t index) MIRQ_MUST_HOLD(m->lock)
{
	struct mock_slot *slot = &s->slots[index];

	slot->is_pending = 0;
	slot->nr_sent++;
	slot->is_in_service = is_level(slot) && !(s->kind.traits & MIRQ_STORE_TWO_MESSAGES);
	slot->is_asserted = (uint8_t)is_level(slot);
	travel(s->d.mock, s->dev->parent, message_of(s, index));
}

/* Send what waits, if nothing stops it. */
static void slot_try(struct mock_store *s, uint32_t index) MIRQ_MUST_HOLD(m->lock)
{
	struct mock_slot *slot = &s->slots[index];

	if (slot->is_pending && !slot->is_masked && s->is_on && !s->is_all_masked &&
	    !slot->is_in_service)
		slot_send(s, index);
}

static void slot_arm(struct mock_store *s, uint32_t index)
{
	struct mock_slot *slot = &s->slots[index];

	slot->is_high = (uint8_t)is_level(slot);
	if (!s->is_on || (slot->is_masked && s->kind.traits & MIRQ_STORE_MASK_LOSES)) {
		slot->nr_lost++;
	} else {
		slot->is_pending = 1;
		slot_try(s, index);
	}
}

void mock_raise(struct mock_store *s, uint32_t index)
{
	pthread_mutex_lock(&s->d.mock->lock);
	slot_arm(s, index);
	pthread_mutex_unlock(&s->d.mock->lock);
}

void mock_lower(struct mock_store *s, uint32_t index)
{
	pthread_mutex_lock(&s->d.mock->lock);
	s->slots[index].is_high = 0;
	s->slots[index].is_pending = 0;
	if (s->slots[index].is_asserted && s->kind.traits & MIRQ_STORE_TWO_MESSAGES)
		travel(s->d.mock, s->dev->parent, s->slots[index].msg[1]);
	s->slots[index].is_asserted = 0;
	pthread_mutex_unlock(&s->d.mock->lock);
}

void mock_fire(struct mock_store *s, uint32_t index)
{
	mock_raise(s, index);
	(void)mock_deliver(s->d.mock);
}

static enum mirq_err store_setup(void *data)
{
	struct mock_store *s = data;
	enum mirq_err err = note(&s->d, MOCK_OP_SETUP, "%s", "");

	for (uint32_t i = 0; i < s->init.nr_slots; i++)
		s->slots[i].is_masked = s->ops.mask && (s->kind.traits & MIRQ_STORE_RESETS_MASKED);
	s->is_all_masked = !!s->ops.mask_all;
	s->is_on = !s->ops.enable;
	return err;
}

static void store_teardown(void *data)
{
	struct mock_store *s = data;

	(void)note(&s->d, MOCK_OP_TEARDOWN, "%s", "");
	for (uint32_t i = 0; i < s->init.nr_slots; i++)
		if (s->slots[i].is_init)
			violation(&s->d, "a slot was not given back before teardown", i);
}

static enum mirq_err store_enable(void *data, uint32_t nr_log2)
{
	struct mock_store *s = data;
	enum mirq_err err = note(&s->d, MOCK_OP_ENABLE, "%u", nr_log2);

	if (err)
		return err;
	if (s->is_on)
		violation(&s->d, "enabled twice", 0);
	s->is_on = 1;
	s->nr_log2 = nr_log2;
	s->is_all_masked = !!s->ops.mask_all;
	return MIRQ_OK;
}

static void store_disable(void *data)
{
	struct mock_store *s = data;

	(void)note(&s->d, MOCK_OP_DISABLE, "%s", "");
	s->is_on = 0;
}

static enum mirq_err store_slot_init(const struct mirq_slot *slot)
{
	struct mock_store *s = slot->data;
	enum mirq_err err = note(&s->d, MOCK_OP_SLOT_INIT, "%u cookie %llu", slot->index,
				 (unsigned long long)slot->cookie);

	if (err)
		return err;
	if (s->slots[slot->index].is_init || *slot->word)
		violation(&s->d, "a slot was begun twice, or its word is not 0", slot->index);
	s->slots[slot->index].is_init = 1;
	s->slots[slot->index].cookie = slot->cookie;
	*slot->word = slot->index + 1;
	return MIRQ_OK;
}

static void store_slot_fini(const struct mirq_slot *slot)
{
	struct mock_store *s = slot->data;

	(void)note(&s->d, MOCK_OP_SLOT_FINI, "%u", slot->index);
	if (!s->slots[slot->index].is_init || *slot->word != slot->index + 1)
		violation(&s->d, "a slot was ended that was not begun, or lost its word",
			  slot->index);
	s->slots[slot->index].is_init = 0;
}

/* How many words of the message a device would see change one after the other. */
static uint32_t steps(const struct mock_store *s, const struct mirq_msg *a,
		      const struct mirq_msg *b)
{
	uint32_t high = a->address >> 32 != b->address >> 32;
	uint32_t low = (uint32_t)a->address != (uint32_t)b->address;
	uint32_t data = a->data != b->data;

	switch (s->kind.update) {
	case MIRQ_UPDATE_64:
		return (high | low) + data;
	case MIRQ_UPDATE_96:
		return high | low | data;
	case MIRQ_UPDATE_NOTHING:
		return 2 * (high | low | data);
	default:
		return high + low + data;
	}
}

/* A slot that may send must not be seen with half a message. */
static void check_torn(struct mock_store *s, const struct mirq_slot *slot,
		       const struct mirq_msg msg[])
{
	const struct mock_slot *mine = &s->slots[slot->index];
	const struct mirq_irq *irq = mirqi_irq(s->store, slot->index);

	if (!irq || !(irq->flags & MIRQI_IRQ_WRITTEN) || mine->is_masked || !s->is_on ||
	    s->is_all_masked)
		return;
	if (steps(s, &mine->msg[0], &msg[0]) > 1)
		violation(&s->d, "a slot that may send was told a message that can be torn",
			  slot->index);
}

static void store_write(const struct mirq_slot *slot, const struct mirq_msg msg[])
{
	struct mock_store *s = slot->data;
	struct mock_slot *mine = &s->slots[slot->index];

	(void)note(&s->d, MOCK_OP_WRITE, "%u %llx/%x", slot->index,
		   (unsigned long long)msg[0].address, msg[0].data);
	if (s->ops.begin && !s->is_open)
		violation(&s->d, "a store that sleeps was written outside begin and commit",
			  slot->index);
	if (!s->is_on && s->kind.traits & MIRQ_STORE_NEEDS_ENABLE)
		violation(&s->d, "a store was written that ignores writes while off", slot->index);
	if (s->ops.busy && mine->is_in_service)
		violation(&s->d, "a slot was told a message while it is busy", slot->index);
	check_torn(s, slot, msg);
	pthread_mutex_lock(&s->d.mock->lock);
	mine->msg[0] = msg[0];
	mine->msg[1] = msg[1];
	mine->nr_writes++;
	pthread_mutex_unlock(&s->d.mock->lock);
}

static void store_mask(const struct mirq_slot *slot)
{
	struct mock_store *s = touch(slot, MOCK_OP_MASK);

	pthread_mutex_lock(&s->d.mock->lock);
	s->slots[slot->index].is_masked = 1;
	pthread_mutex_unlock(&s->d.mock->lock);
}

static void store_unmask(const struct mirq_slot *slot)
{
	struct mock_store *s = touch(slot, MOCK_OP_UNMASK);

	pthread_mutex_lock(&s->d.mock->lock);
	s->slots[slot->index].is_masked = 0;
	slot_try(s, slot->index);
	pthread_mutex_unlock(&s->d.mock->lock);
}

static void store_mask_all(void *data)
{
	struct mock_store *s = data;

	(void)note(&s->d, MOCK_OP_MASK_ALL, "%s", "");
	s->is_all_masked = 1;
}

static void store_unmask_all(void *data)
{
	struct mock_store *s = data;

	(void)note(&s->d, MOCK_OP_UNMASK_ALL, "%s", "");
	pthread_mutex_lock(&s->d.mock->lock);
	s->is_all_masked = 0;
	for (uint32_t i = 0; i < s->init.nr_slots; i++)
		slot_try(s, i);
	pthread_mutex_unlock(&s->d.mock->lock);
}

static enum mirq_err store_flush(void *data)
{
	struct mock_store *s = data;

	return note(&s->d, MOCK_OP_FLUSH, "%s", "");
}

static enum mirq_pending store_pending(const struct mirq_slot *slot)
{
	struct mock_store *s = slot->data;
	enum mirq_pending answer;

	(void)count(&s->d, MOCK_OP_PENDING);
	pthread_mutex_lock(&s->d.mock->lock);
	answer = s->slots[slot->index].is_pending ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
	pthread_mutex_unlock(&s->d.mock->lock);
	return answer;
}

static enum mirq_err store_set_trigger(const struct mirq_slot *slot, enum mirq_trigger trigger)
{
	struct mock_store *s = slot->data;
	enum mirq_err err = note(&s->d, MOCK_OP_SET_TRIGGER, "%u %u", slot->index, trigger);

	if (!err)
		s->slots[slot->index].trigger = trigger;
	return err;
}

static void store_eoi(const struct mirq_slot *slot)
{
	struct mock_store *s = touch(slot, MOCK_OP_EOI);
	struct mock_slot *mine = &s->slots[slot->index];

	pthread_mutex_lock(&s->d.mock->lock);
	mine->is_in_service = 0;
	mine->is_pending = mine->is_high;
	slot_try(s, slot->index);
	pthread_mutex_unlock(&s->d.mock->lock);
}

static int store_busy(const struct mirq_slot *slot)
{
	struct mock_store *s = slot->data;

	(void)count(&s->d, MOCK_OP_BUSY);
	return s->slots[slot->index].is_in_service;
}

static enum mirq_err store_begin(void *data)
{
	struct mock_store *s = data;
	enum mirq_err err = note(&s->d, MOCK_OP_BEGIN, "%s", "");

	if (s->is_open)
		violation(&s->d, "begin inside begin", 0);
	s->is_open = !err;
	return err;
}

static enum mirq_err store_commit(void *data)
{
	struct mock_store *s = data;
	enum mirq_err err = note(&s->d, MOCK_OP_COMMIT, "%s", "");

	if (!s->is_open)
		violation(&s->d, "commit without begin", 0);
	s->is_open = 0;
	return err;
}

static void fill_ops(struct mock_store *s, enum mock_kind kind)
{
	s->ops = (struct mirq_store_ops){
		MIRQ_SIZED(mirq_store_ops),
		.setup = store_setup,
		.teardown = store_teardown,
		.write = store_write,
	};
	if (kind != MOCK_NO_FLUSH && kind != MOCK_TORN)
		s->ops.flush = store_flush;
	if (kind == MOCK_MSIX || kind == MOCK_MSI || kind == MOCK_LEVEL || kind == MOCK_TWO ||
	    kind == MOCK_SLEEPS) {
		s->ops.enable = store_enable;
		s->ops.disable = store_disable;
		s->ops.pending = store_pending;
	}
	if (kind != MOCK_PLAIN && kind != MOCK_TORN) {
		s->ops.mask = store_mask;
		s->ops.unmask = store_unmask;
	}
	if (kind == MOCK_MSIX) {
		s->ops.mask_all = store_mask_all;
		s->ops.unmask_all = store_unmask_all;
	}
	if (kind == MOCK_TWO)
		s->ops.set_trigger = store_set_trigger;
	if (kind == MOCK_LEVEL) {
		s->ops.slot_init = store_slot_init;
		s->ops.slot_fini = store_slot_fini;
		s->ops.set_trigger = store_set_trigger;
		s->ops.eoi = store_eoi;
		s->ops.busy = store_busy;
	}
	if (kind == MOCK_IMS) {
		s->ops.slot_init = store_slot_init;
		s->ops.slot_fini = store_slot_fini;
	}
	if (kind == MOCK_SLEEPS) {
		s->ops.begin = store_begin;
		s->ops.commit = store_commit;
	}
}

struct mock_store *mock_store(struct mock *m, enum mock_kind kind, const char *name,
			      uint32_t nr_slots)
{
	struct mock_store *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	add_domain(m, &s->d, name);
	s->next = m->stores;
	m->stores = s;
	s->slots = calloc(nr_slots ? nr_slots : 1, sizeof(*s->slots));
	assert_non_null(s->slots);
	fill_ops(s, kind);
	s->kind = (struct mirq_store_template){
		MIRQ_SIZED(mirq_store_template),
		.name = name,
		.ops = &s->ops,
		.masking = s->ops.mask ? MIRQ_MASKS_SLOT : MIRQ_MASKS_NOTHING,
		.update = kind == MOCK_PLAIN ? MIRQ_UPDATE_96 : MIRQ_UPDATE_WORDS,
		.address_bits = 64,
		.traits = kind == MOCK_IMS ? 0 : MIRQ_STORE_OF_BUS,
	};
	if (kind == MOCK_MSI)
		s->kind.traits |= MIRQ_STORE_ONE_MESSAGE;
	if (kind == MOCK_TWO)
		s->kind.traits |= MIRQ_STORE_TWO_MESSAGES;
	if (s->ops.mask && kind != MOCK_IMS && kind != MOCK_NO_FLUSH)
		s->kind.traits |= MIRQ_STORE_RESETS_MASKED;
	s->init = (struct mirq_store_init){
		MIRQ_SIZED(mirq_store_init), .kind = &s->kind, .data = s,
		.nr_slots = nr_slots,        .why = &m->why,
	};
	return s;
}

enum mirq_err mock_store_try(struct mock_store *s, struct mirq_device *dev)
{
	s->dev = dev;
	return mirq_store_attach(dev, &s->init, &s->store);
}

void mock_store_attach(struct mock_store *s, struct mirq_device *dev)
{
	assert_int_equal(mock_store_try(s, dev), MIRQ_OK);
}

struct mirq_device *mock_device(struct mock *m, const char *name, struct mirq_domain *parent)
{
	static const struct mirq_range id = { 0x10, 0x11 };
	struct mirq_device *dev = NULL;
	struct mirq_device_init init = {
		MIRQ_SIZED(mirq_device_init),
		.name = name,
		.parent = parent,
		.requesters = { .ids = &id, .nr_ids = 1 },
		.why = &m->why,
	};

	assert_int_equal(mirq_device_attach(m->m, &init, &dev), MIRQ_OK);
	return dev;
}

struct mirq_irqs mock_alloc_want(struct mock_store *s, struct mirq_irq_want want)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	want.size_bytes = sizeof(want);
	want.why = &s->d.mock->why;
	assert_int_equal(mirq_irq_alloc(s->store, &want, &irqs), MIRQ_OK);
	return irqs;
}

struct mirq_irqs mock_alloc(struct mock_store *s, uint32_t nr)
{
	return mock_alloc_want(s, (struct mirq_irq_want){ .nr = nr });
}

struct mirq_irqs mock_alloc_on(struct mock_store *s, uint32_t nr, uint32_t cpu)
{
	return mock_alloc_want(s, (struct mirq_irq_want){ .nr = nr, .cpus = mirq_cpus_one(cpu) });
}

/* ---- handlers ---- */

enum mirq_handled mock_handle(void *context)
{
	struct mock_action *a = context;

	if (atomic_fetch_add_explicit(&a->is_running, 1, memory_order_relaxed))
		atomic_fetch_add(&a->nr_overlaps, 1);
	if (a->name)
		mock_log(a->mock, "handle %s", a->name);
	atomic_fetch_add_explicit(&a->nr, 1, memory_order_relaxed);
	if (a->also)
		a->also(a->context);
	atomic_fetch_sub_explicit(&a->is_running, 1, memory_order_relaxed);
	return a->answer;
}

enum mirq_err mock_request_try(struct mirq_irqs irqs, struct mock_action *actions, uint32_t flags,
			       struct mirq_why *why)
{
	struct mirq_irq_handler h = {
		MIRQ_SIZED(mirq_irq_handler),     .handle = mock_handle, .context = actions,
		.stride_bytes = sizeof(*actions), .flags = flags,        .why = why,
	};

	return mirq_irq_request(irqs, &h);
}

void mock_request(struct mirq_irqs irqs, struct mock_action *actions)
{
	assert_int_equal(mock_request_try(irqs, actions, 0, NULL), MIRQ_OK);
}

/* ---- the system ---- */

struct mock *mock_new(void)
{
	struct mock *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	mirq_hosted_init(&m->host);
	pthread_mutex_init(&m->lock, NULL);
	add_domain(m, &m->root.d, "root");
	m->root.ops = mock_root_all;
	m->root.ops.mask = m->root.ops.unmask = NULL;
	m->root.ops.claim = NULL;
	m->root.init = (struct mirq_root_init){
		MIRQ_SIZED(mirq_root_init),
		.name = "root",
		.ops = &m->root.ops,
		.data = &m->root,
		.ids = { 32, 224 },
		.carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS | MIRQ_CARRIES_LEVEL,
		.traits = MIRQ_ROOT_ENDS_EDGE_FIRST,
		.why = &m->why,
	};
	return m;
}

void mock_cpu(struct mock *m, uint32_t cpu)
{
	struct mirq_cpu_init init = {
		MIRQ_SIZED(mirq_cpu_init),
		.cpu = cpu,
		.hardware_id = MOCK_HW_TARGET + cpu,
		.why = &m->why,
	};

	assert_int_equal(mirq_cpu_add(m->m, &init), MIRQ_OK);
	assert_int_equal(mirq_cpu_online(m->m, cpu), MIRQ_OK);
}

void mock_start_without_cpus(struct mock *m, uint32_t nr_cpus)
{
	struct mirq_init init = {
		MIRQ_SIZED(mirq_init),
		.host = &m->host,
		.nr_cpus = nr_cpus,
		.why = &m->why,
	};

	assert_int_equal(mirq_init(&init, &m->m), MIRQ_OK);
	m->host.m = m->m;
	assert_int_equal(mirq_root_attach(m->m, &m->root.init, &m->root.domain), MIRQ_OK);
}

void mock_start(struct mock *m, uint32_t nr_cpus)
{
	mock_start_without_cpus(m, nr_cpus);
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		mock_cpu(m, cpu);
	mock_log_clear(m);
	mock_forget(m);
}

static void check_violation(struct mock *m)
{
	if (m->violation)
		fail_msg("%s: %s", m->violation_at, m->violation);
}

void mock_sound(struct mock *m)
{
	struct mirq_why why = { 0 };

	check_violation(m);
	if (mirq_check(m->m, &why))
		fail_msg("mirq_check: %s: %s (%llu)", why.where, why.text,
			 (unsigned long long)why.value);
}

void mock_why(struct mirq_why *why, uint32_t rule, const char *part, const char *where)
{
	assert_non_null(why->text);
	assert_true(strlen(why->text) >= 18);
	if (!strstr(why->text, part))
		fail_msg("'%s' does not say '%s'", why->text, part);
	assert_int_equal(why->rule, rule);
	if (where)
		assert_string_equal(why->where, where);
	memset(why, 0, sizeof(*why));
}

static void free_hardware(struct mock *m)
{
	struct mock_remapper *r;
	struct mock_store *s;
	struct mock_mux *x;

	while ((r = m->remappers)) {
		m->remappers = r->next;
		free(r->entries);
		free(r->live);
		free(r);
	}
	while ((x = m->muxes)) {
		m->muxes = x->next;
		free(x);
	}
	while ((s = m->stores)) {
		m->stores = s->next;
		free(s->slots);
		free(s);
	}
	pthread_mutex_destroy(&m->lock);
	mirq_hosted_fini(&m->host);
	free(m->log);
	free(m);
}

static void check_entries_given_back(struct mock *m, uint32_t nr_quarantined)
{
	uint32_t nr = 0;

	for (struct mock_remapper *r = m->remappers; r; r = r->next)
		nr += r->init.nr_entries - (r->entries ? free_entries(r) : r->init.nr_entries);
	if (nr > nr_quarantined)
		fail_msg("%u entries are allocated at the end, %u quarantined", nr, nr_quarantined);
}

void mock_free_after_fini(struct mock *m)
{
	check_violation(m);
	assert_int_equal(m->host.nr_live, 0);
	assert_int_equal(m->host.live_bytes, 0);
	free_hardware(m);
}

void mock_free(struct mock *m)
{
	struct mirq_info info = { 0 };

	mock_fail_never(m);
	mirq_hosted_fail(&m->host, 0, 0);
	if (m->m) {
		mirq_inspect(m->m, &info);
		mock_sound(m);
		mirq_fini(m->m);
		m->m = m->host.m = NULL;
	}
	check_entries_given_back(m, info.nr_quarantined);
	mock_free_after_fini(m);
}
