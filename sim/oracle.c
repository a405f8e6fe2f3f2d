/* SPDX-License-Identifier: MIT */
/*
 * oracle.c - an oracle's life, what must hold at rest, and the verdict. oracle.h tells the
 * invariants.
 * Locking: none.
 */
#include "oracle_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORACLE_LIMIT_NS UINT64_C(20000000)
#define ORACLE_LIMIT_POINTS UINT64_C(1000000)

int oracle_in_fiber(void)
{
	struct engine *e = engine_here();

	return e && engine_current(e) != ENGINE_NOBODY;
}

static void *oracle_memory(size_t size_bytes)
{
	struct engine *e = engine_here();
	void *memory = e ? engine_alloc(e, size_bytes) : calloc(1, size_bytes);

	if (!memory)
		abort();
	return memory;
}

struct oracle *oracle_new(struct sim *s, uint32_t nr_lines)
{
	struct oracle *o = oracle_memory(sizeof(*o));

	o->s = s;
	o->nr_lines = nr_lines;
	o->nr_cpus = sim_spec(s)->nr_cpus;
	o->lines = oracle_memory(nr_lines * sizeof(o->lines[0]));
	o->owners = oracle_memory(o->nr_cpus * ORACLE_IDS * sizeof(o->owners[0]));
	o->limit_ns = ORACLE_LIMIT_NS;
	o->limit_points = ORACLE_LIMIT_POINTS;
	sim_set_watch(s, oracle_on_event, o);
	sim_set_hook(s, oracle_on_point, o);
	return o;
}

void oracle_free_memory(struct oracle *o)
{
	if (!o)
		return;
	oracle_text_free(o->bare);
	o->bare = NULL;
	if (engine_here())
		return;
	free(o->lines);
	free(o->owners);
	free(o);
}

struct mirq *oracle_mirq(const struct oracle *o)
{
	return o->m;
}

void oracle_snapshots(struct oracle *o, int is_on)
{
	o->has_snapshots = is_on != 0;
}

void oracle_limits(struct oracle *o, uint64_t ns, uint64_t points)
{
	o->limit_ns = ns ? ns : o->limit_ns;
	o->limit_points = points ? points : o->limit_points;
}

void oracle_stats(const struct oracle *o, struct oracle_stats *out_stats)
{
	*out_stats = o->stats;
}

/* ---- Failures ---- */

void oracle_broken(struct oracle *o, const char *format, ...)
{
	char text[ORACLE_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sim_note(o->s, "oracle: %s", text);
	if (!o->verdict[0])
		memcpy(o->verdict, text, sizeof(text));
	if (engine_here())
		engine_fail(engine_here(), "%s", text);
}

const char *oracle_verdict(const struct oracle *o)
{
	return o->verdict[0] ? o->verdict : sim_violation(o->s);
}

struct oracle_line *oracle_line_of(const struct oracle *o, struct mirq_irqs irqs, uint32_t i)
{
	for (uint32_t l = 0; l < o->nr_lines; l++) {
		struct oracle_line *line = &o->lines[l];

		if (line->life == ORACLE_ALLOCATED && line->one.store == irqs.store &&
		    line->one.slots.first == irqs.slots.first + i)
			return line;
	}
	return NULL;
}

const char *oracle_line_text(const struct oracle_line *line)
{
	static const char *const stores[SIM_NR_STORES] = { "MSI",   "MSI-X",     "array",
							   "queue", "registers", "firmware",
							   "peer" };
	static char texts[4][64];
	static uint32_t next;
	char *text = texts[next++ % 4];

	(void)snprintf(text, sizeof(texts[0]), "%s %s %u (irq %u)",
		       line->device ? sim_device_name(line->device) : "unit", stores[line->store],
		       line->one.slots.first, line->number);
	return text;
}

/* ---- Rest ---- */

static int is_open(const struct oracle_line *line)
{
	return line->life == ORACLE_ALLOCATED && !line->depth && !line->is_later && !line->is_deaf;
}

static void rest_line(struct oracle *o, const struct oracle_line *line)
{
	for (uint32_t i = 0; i < ORACLE_ACTIONS; i++) {
		const struct oracle_action *a = &line->actions[i];

		o->stats.nr_checks++;
		if (a->nr_running)
			oracle_broken(o,
				      "I7: %s; expected: handlers have returned; seen: one runs "
				      "while the machine is at rest",
				      oracle_line_text(line));
		if (is_open(line) && a->promise == ORACLE_REQUESTED && a->is_owed)
			oracle_broken(o,
				      "I1: %s; expected: a call that begins after its event at "
				      "%llu ns; seen: none, %llu calls in all",
				      oracle_line_text(line), (unsigned long long)a->raised_ns,
				      (unsigned long long)a->nr_calls);
	}
}

static void rest_cpu(struct oracle *o, uint32_t cpu)
{
	struct sim_cpu_stats stats;

	o->stats.nr_checks++;
	sim_cpu_stats(o->s, cpu, &stats);
	if (stats.nr_eoi - stats.nr_eoi_idle != stats.nr_taken - stats.nr_spurious)
		oracle_broken(o,
			      "I2: CPU %u; expected: each vector ended once; seen: %llu taken, "
			      "%llu ended",
			      cpu, (unsigned long long)(stats.nr_taken - stats.nr_spurious),
			      (unsigned long long)(stats.nr_eoi - stats.nr_eoi_idle));
}

uint32_t oracle_faults(struct oracle *o)
{
	uint32_t nr = 0;

	while (o->m && !mirq_fault_next(o->m, &o->last_fault))
		nr++;
	o->stats.nr_faults += nr;
	return nr;
}

void oracle_last_fault(const struct oracle *o, struct mirq_fault *out_fault)
{
	*out_fault = o->last_fault;
}

static uint64_t nr_recorded(const struct oracle *o)
{
	struct sim_unit_stats stats;
	uint64_t nr = 0;

	for (uint32_t i = 0; i < sim_spec(o->s)->nr_units; i++) {
		sim_unit_stats(sim_unit(o->s, i), &stats);
		nr += stats.nr_recorded;
	}
	return nr;
}

static int is_a_unit_gone(const struct oracle *o)
{
	int is_gone = 0;

	for (uint32_t i = 0; i < sim_spec(o->s)->nr_units; i++)
		is_gone |= sim_unit_knobs(sim_unit(o->s, i))->is_gone != 0;
	return is_gone;
}

uint32_t oracle_is_deaf(const struct oracle *o)
{
	uint32_t is_deaf = 0;

	for (uint32_t i = 0; i < sim_spec(o->s)->nr_devices; i++)
		is_deaf |= sim_device_knobs(sim_device_at(o->s, i))->is_deaf;
	return is_deaf;
}

static void rest_faults(struct oracle *o)
{
	uint64_t recorded = nr_recorded(o) - o->bare_recorded;

	if (!o->is_isolating || is_a_unit_gone(o))
		return;
	(void)oracle_faults(o);
	o->stats.nr_checks++;
	if (o->stats.nr_faults != recorded)
		oracle_broken(o, "I6: faults; expected: %llu, as the units recorded; seen: %llu",
			      (unsigned long long)recorded, (unsigned long long)o->stats.nr_faults);
}

void oracle_rest(struct oracle *o)
{
	struct mirq_why why = { 0 };

	if (oracle_in_fiber())
		return;
	sim_run_until_idle(o->s);
	for (uint32_t i = 0; i < o->nr_lines; i++)
		if (o->lines[i].life != ORACLE_UNUSED)
			rest_line(o, &o->lines[i]);
	for (uint32_t cpu = 0; cpu < o->nr_cpus; cpu++)
		rest_cpu(o, cpu);
	if (!o->m)
		return;
	rest_faults(o);
	o->stats.nr_checks++;
	if (mirq_check(o->m, &why))
		oracle_broken(o, "mirq_check: %s", why.text ? why.text : "broken");
}

/* ---- The beginning and the end ---- */

static int has_remapper(struct mirq *m)
{
	struct mirq_domain *root = mirq_domain_next(m, NULL);

	return root && mirq_domain_next(m, root);
}

static void note_bare(struct oracle *o)
{
	if (!o->bare)
		o->bare = oracle_text_new(o->s, NULL);
	o->bare_live = sim_live(o->s);
	o->bare_ram_bytes = sim_ram_used_bytes(o->s);
	o->bare_recorded = nr_recorded(o);
}

/* As before mirq came. A device that was lost, or does no commands, cannot be put back; a unit that
 * does not answer keeps what it was lent. */
static void judge_bare(struct oracle *o, const char *when)
{
	const char *before, *after;
	struct oracle_text *now = oracle_text_new(o->s, NULL);

	/* What a unit that cannot be asked may still read stays lent. */
	if (is_a_unit_gone(o)) {
		oracle_text_free(now);
		return;
	}
	o->stats.nr_checks += 3;
	if (!oracle_is_deaf(o) && !oracle_text_compare(o->bare, now, 1, &before, &after))
		oracle_broken(o, "I5: after %s; expected: %s; seen: %s", when, before, after);
	if (sim_live(o->s) != o->bare_live)
		oracle_broken(o, "I5: after %s; expected: %llu pieces lent; seen: %llu", when,
			      (unsigned long long)o->bare_live, (unsigned long long)sim_live(o->s));
	if (sim_ram_used_bytes(o->s) != o->bare_ram_bytes)
		oracle_broken(o, "I5: after %s; expected: %llu bytes for devices; seen: %llu", when,
			      (unsigned long long)o->bare_ram_bytes,
			      (unsigned long long)sim_ram_used_bytes(o->s));
	oracle_text_free(now);
}

static enum mirq_err attach_by(struct oracle *o,
			       enum mirq_err (*attach)(void *context, struct mirq **out_m),
			       void *context)
{
	struct oracle_call call;
	enum mirq_err err;

	note_bare(o);
	oracle_call_begin(o, &call, "attach");
	err = attach(context, &o->m);
	if (err)
		o->m = NULL;
	oracle_call_end(o, &call, err);
	if (err) {
		judge_bare(o, "an attach that failed");
		return err;
	}
	o->is_isolating = !o->is_flat && has_remapper(o->m);
	mirq_trace_attach(o->m, oracle_on_trace, o);
	return MIRQ_OK;
}

struct attach_x86 {
	struct sim *s;
	const struct mirq_x86_init *init;
};

static enum mirq_err attach_x86(void *context, struct mirq **out_m)
{
	const struct attach_x86 *a = context;

	return sim_attach(a->s, a->init, out_m);
}

enum mirq_err oracle_attach(struct oracle *o, const struct mirq_x86_init *init)
{
	struct attach_x86 a = { o->s, init };

	return attach_by(o, attach_x86, &a);
}

enum mirq_err oracle_attach_flat(struct oracle *o,
				 enum mirq_err (*attach)(void *context, struct mirq **out_m),
				 void *context)
{
	o->is_flat = 1;
	return attach_by(o, attach, context);
}

const char *oracle_finish(struct oracle *o)
{
	if (oracle_in_fiber())
		return "the oracle's end was asked for while fibers run";
	oracle_rest(o);
	if (o->m) {
		for (uint32_t i = 0; i < o->nr_lines; i++)
			o->lines[i].life = o->lines[i].life == ORACLE_UNUSED ? ORACLE_UNUSED
									     : ORACLE_LEFT;
		sim_bind(o->s, NULL);
		mirq_fini(o->m);
		sim_stores_forget(o->s, NULL);
		o->m = NULL;
		sim_run_until_idle(o->s);
		judge_bare(o, "mirq_fini()");
	}
	oracle_text_free(o->bare);
	o->bare = NULL;
	return oracle_verdict(o);
}
