/* SPDX-License-Identifier: MIT */
/* story.c - the order of the chapters, what is checked after each, the verdict. */
#include "story.h"

#include <jansson.h>
#include <setjmp.h>

static const struct chapter *const chapters[] = {
	&story_start,   &story_traffic, &story_moves,   &story_cpus, &story_masks,
	&story_forgery, &story_drivers, &story_parents, &story_end,
};

uint32_t story_probe_count(struct world *w, uint32_t *out_nr)
{
	uint32_t nr_good = 0, nr = 0, cpu;
	struct queue *q;

	for (uint32_t i = 0; (q = queue_at(w, i)); i++) {
		uint64_t nr_calls = q->nr_calls;

		if (!q->is_busy)
			continue;
		nr++;
		queue_raise(q);
		sim_run_until_idle(w->s);
		nr_good += q->nr_calls == nr_calls + 1 && !queue_nr_open(q) &&
			   !mirq_affinity_effective(driver_irq(q->driver, q), &cpu) &&
			   q->last_cpu == cpu;
	}
	*out_nr = nr;
	return nr_good;
}

void story_probe(struct world *w)
{
	uint32_t nr, nr_good = story_probe_count(w, &nr);

	if (nr)
		(void)report_check(w->report, nr_good == nr,
				   "%u of %u interrupts arrive once, on the CPU that they are for",
				   nr_good, nr);
}

/* ---- What must hold at rest ---- */

uint64_t story_nr_lost(struct world *w)
{
	struct counts c = world_counts(w);

	return c.raised - c.handled - c.polled;
}

uint64_t story_nr_called_while_off(struct world *w)
{
	uint64_t nr = 0;

	for (uint32_t i = 0; i < w->nr_drivers; i++)
		for (uint32_t k = 0; k < w->drivers[i].nr_queues; k++)
			nr += w->drivers[i].queues[k].nr_while_off;
	return nr;
}

/* Every id that is taken is an interrupt's: moves have given back what they left. */
static void check_ids(struct world *w)
{
	struct mirq_cpu_info cpu;
	struct mirq_info info;
	uint32_t nr_ids = 0;

	mirq_inspect(w->m, &info);
	for (uint32_t i = 0; !mirq_cpu_inspect(w->m, i, &cpu); i++)
		nr_ids += cpu.nr_used;
	(void)report_check(w->report, nr_ids == info.nr_irqs + info.nr_quarantined,
			   "%u ids of CPUs taken by %u interrupts, %u in quarantine", nr_ids,
			   info.nr_irqs, info.nr_quarantined);
}

void story_tell_oracle(struct world *w)
{
	const char *verdict = oracle_verdict(w->o);

	if (verdict && !w->is_broken)
		report_line(w->report, "oracle", "%s", verdict);
	w->is_broken = verdict != NULL;
}

static void check_at_rest(struct world *w)
{
	(void)report_check(w->report, !story_nr_lost(w) && !story_nr_called_while_off(w),
			   "%llu events lost, %llu handler calls while off",
			   (unsigned long long)story_nr_lost(w),
			   (unsigned long long)story_nr_called_while_off(w));
	if (w->m) {
		check_ids(w);
		oracle_rest(w->o);
	}
	story_tell_oracle(w);
	(void)report_check(w->report, !w->is_broken,
			   "the invariants hold: I1 to I7, and mirq's own");
}

/* ---- Playing ---- */

static void play(struct world *w, const struct chapter *chapter)
{
	const char *why_not = chapter->why_not ? chapter->why_not(w) : NULL;
	struct counts before = world_counts(w), after, c;

	report_chapter(w->report, chapter->name, chapter->summary);
	if (why_not) {
		report_skip(w->report, "%s", why_not);
		return;
	}
	w->nr_points = 0;
	chapter->play(w);
	sim_cpu_set(w->s, 0);
	check_at_rest(w);
	after = world_counts(w);
	c = counts_minus(&after, &before);
	report_counts(w->report, &c);
}

/* What does not end is left where it is: then nothing more can be asked of mirq. */
static void play_all(struct world *w)
{
	jmp_buf way_out;

	w->way_out = &way_out;
	if (setjmp(way_out)) {
		w->way_out = NULL;
		w->is_pouring = 0;
		story_tell_oracle(w->part ? w->part : w);
		(void)report_check(w->report, 0, "the chapter comes to an end");
		return;
	}
	for (uint32_t i = 0; i < sizeof(chapters) / sizeof(chapters[0]); i++) {
		play(w, chapters[i]);
		if (!w->m)
			break;
	}
	w->way_out = NULL;
}

static void tell_totals(struct world *w, const struct counts *c)
{
	json_t *totals = json_object();
	struct counts_name n;

	for (uint32_t i = 0; counts_at(c, i, &n); i++)
		json_object_set_new(totals, n.name, json_integer((json_int_t)n.value));
	json_object_set_new(totals, "lost", json_integer((json_int_t)story_nr_lost(w)));
	json_object_set_new(report_document(w->report), "totals", totals);
}

int story_play(struct world *w)
{
	struct counts c;
	int is_good;

	play_all(w);
	c = world_counts(w);
	tell_totals(w, &c);
	is_good = !report_nr_failed(w->report) && !story_nr_lost(w) && !c.stray;
	report_verdict(w->report, is_good,
		       "raised=%llu handled=%llu lost=%llu stray=%llu moved=%llu blocked=%llu",
		       (unsigned long long)c.raised, (unsigned long long)(c.handled + c.polled),
		       (unsigned long long)story_nr_lost(w), (unsigned long long)c.stray,
		       (unsigned long long)c.moved, (unsigned long long)c.blocked);
	return is_good;
}
