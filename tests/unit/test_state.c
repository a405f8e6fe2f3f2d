/* SPDX-License-Identifier: MIT */
/*
 * The state word: every edge from every word that its bits can make, against the table as
 * src/core/state.h documents it, written here a second time in another form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/state.h"

#define NR_BITS 9
#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const uint32_t depths[] = { 0, 1, 2, 254, 255 };

static const char *const edge_names[MIRQI_NR_EDGES] = {
	"ACTIVATE", "DEACTIVATE", "REQUEST", "REQUEST_OFF", "RELEASE", "FIRE",
	"DONE",     "DISABLE",    "ENABLE",  "LATER",       "FINISH",  "STORM",
	"MOVE",     "MOVED",      "MASKED",  "UNMASKED",
};

/* A state word taken apart. */
struct word {
	int active, requested, run, kept, oneshot, storm, move, hwmasked, finished;
	uint32_t depth;
};

/* What an edge makes of a word. row: which line of the edge's table, from 0; -1: none. */
struct step {
	struct word after;
	enum mirqi_answer answer;
	int row;
};

static struct word word_of(uint32_t value)
{
	return (struct word){
		!!(value & MIRQI_ACTIVE), !!(value & MIRQI_REQUESTED), !!(value & MIRQI_RUN),
		!!(value & MIRQI_KEPT),   !!(value & MIRQI_ONESHOT),   !!(value & MIRQI_STORM),
		!!(value & MIRQI_MOVE),   !!(value & MIRQI_HWMASKED),  !!(value & MIRQI_FINISHED),
		value / MIRQI_DEPTH_ONE,
	};
}

static uint32_t value_of(struct word w)
{
	uint32_t value = w.depth * MIRQI_DEPTH_ONE;

	value |= w.active ? MIRQI_ACTIVE : 0;
	value |= w.requested ? MIRQI_REQUESTED : 0;
	value |= w.run ? MIRQI_RUN : 0;
	value |= w.kept ? MIRQI_KEPT : 0;
	value |= w.oneshot ? MIRQI_ONESHOT : 0;
	value |= w.storm ? MIRQI_STORM : 0;
	value |= w.move ? MIRQI_MOVE : 0;
	value |= w.hwmasked ? MIRQI_HWMASKED : 0;
	value |= w.finished ? MIRQI_FINISHED : 0;
	return value;
}

static int is_blocked(struct word w)
{
	return w.oneshot || w.storm || w.depth;
}

static struct step taken(struct word after, enum mirqi_answer answer, int row)
{
	return (struct step){ after, answer, row };
}

static struct step life(enum mirqi_edge edge, struct word w)
{
	struct word none = { 0 };

	if (edge == MIRQI_EDGE_ACTIVATE && !w.active) {
		w.active = w.hwmasked = 1;
		return taken(w, MIRQI_OK, 0);
	}
	if (edge == MIRQI_EDGE_DEACTIVATE && w.active && !w.requested && !w.run)
		return taken(none, MIRQI_OK, 0);
	if (edge == MIRQI_EDGE_REQUEST && w.active && !w.requested) {
		w.requested = 1;
		w.kept = 0;
		return taken(w, MIRQI_OK, 0);
	}
	if (edge == MIRQI_EDGE_REQUEST_OFF && w.active && !w.requested && !w.depth) {
		w.requested = 1;
		w.kept = 0;
		w.depth = 1;
		return taken(w, MIRQI_OK, 0);
	}
	if (edge == MIRQI_EDGE_RELEASE && w.requested) {
		w.requested = w.kept = w.oneshot = w.storm = 0;
		w.depth = 0;
		return taken(w, MIRQI_OK, 0);
	}
	return taken(w, MIRQI_ILLEGAL, -1);
}

static struct step fire(struct word w)
{
	if (!w.requested)
		return taken(w, MIRQI_STRAY, 0);
	if (is_blocked(w)) {
		w.kept = 1;
		return taken(w, MIRQI_KEEP, 1);
	}
	if (w.run) {
		w.kept = 1;
		return taken(w, MIRQI_KEEP, 2);
	}
	w.run = 1;
	return taken(w, MIRQI_RUN_NOW, 3);
}

static struct step done(struct word w)
{
	if (!w.run)
		return taken(w, MIRQI_ILLEGAL, -1);
	if (!w.requested) {
		w.run = w.finished = w.kept = 0;
		return taken(w, MIRQI_STOP, 0);
	}
	if (!is_blocked(w) && w.kept) {
		w.kept = 0;
		return taken(w, MIRQI_AGAIN, 2);
	}
	w.run = w.finished = 0;
	return taken(w, MIRQI_STOP, is_blocked(w) ? 1 : 3);
}

static struct step enable(struct word w)
{
	if (!w.requested || !w.depth)
		return taken(w, MIRQI_ILLEGAL, -1);
	w.depth--;
	if (w.depth == 0 && w.kept && !w.run && !w.oneshot && !w.storm) {
		w.kept = 0;
		return taken(w, MIRQI_REPLAY, 0);
	}
	return taken(w, MIRQI_OK, 1);
}

static struct step finish(struct word w)
{
	if (w.oneshot && w.kept && !w.depth && !w.run && !w.storm) {
		w.oneshot = w.kept = 0;
		return taken(w, MIRQI_REPLAY, 0);
	}
	if (w.oneshot) {
		w.oneshot = 0;
		return taken(w, MIRQI_OK, 1);
	}
	if (w.run) {
		w.finished = 1;
		return taken(w, MIRQI_OK, 2);
	}
	return taken(w, MIRQI_ILLEGAL, -1);
}

static struct step running(enum mirqi_edge edge, struct word w)
{
	if (!w.run)
		return taken(w, MIRQI_ILLEGAL, -1);
	if (edge == MIRQI_EDGE_STORM) {
		w.storm = 1;
		return taken(w, MIRQI_OK, 0);
	}
	if (w.finished) {
		w.finished = 0;
		return taken(w, MIRQI_OK, 0);
	}
	w.oneshot = 1;
	return taken(w, MIRQI_OK, 1);
}

static struct step toggles(enum mirqi_edge edge, struct word w)
{
	if (edge == MIRQI_EDGE_MOVE && w.active && !w.move) {
		w.move = 1;
		return taken(w, MIRQI_OK, 0);
	}
	if (edge == MIRQI_EDGE_MOVED && w.move) {
		w.move = 0;
		return taken(w, MIRQI_OK, 0);
	}
	if (edge == MIRQI_EDGE_MASKED && !w.hwmasked) {
		w.hwmasked = 1;
		return taken(w, MIRQI_OK, 0);
	}
	if (edge == MIRQI_EDGE_UNMASKED && w.hwmasked) {
		w.hwmasked = 0;
		return taken(w, MIRQI_OK, 0);
	}
	return taken(w, MIRQI_ILLEGAL, -1);
}

/* The documented table. */
static struct step model(enum mirqi_edge edge, struct word w)
{
	switch (edge) {
	case MIRQI_EDGE_FIRE:
		return fire(w);
	case MIRQI_EDGE_DONE:
		return done(w);
	case MIRQI_EDGE_DISABLE:
		if (!w.requested || w.depth >= 255)
			return taken(w, MIRQI_ILLEGAL, -1);
		w.depth++;
		return taken(w, MIRQI_OK, 0);
	case MIRQI_EDGE_ENABLE:
		return enable(w);
	case MIRQI_EDGE_FINISH:
		return finish(w);
	case MIRQI_EDGE_LATER:
	case MIRQI_EDGE_STORM:
		return running(edge, w);
	case MIRQI_EDGE_MOVE:
	case MIRQI_EDGE_MOVED:
	case MIRQI_EDGE_MASKED:
	case MIRQI_EDGE_UNMASKED:
		return toggles(edge, w);
	default:
		return life(edge, w);
	}
}

/* Rows that each edge has in state.h. */
static const int nr_rows[MIRQI_NR_EDGES] = { 1, 1, 1, 1, 1, 4, 4, 1, 2, 2, 3, 1, 1, 1, 1, 1 };

static void check_one(enum mirqi_edge edge, uint32_t before, uint32_t *rows_seen)
{
	struct step wanted = model(edge, word_of(before));
	uint32_t after = value_of(wanted.after);
	mirqi_state state = before;
	enum mirqi_answer answer = mirqi_state_step(&state, edge);

	if (answer != wanted.answer || state != after)
		fail_msg("%s from %08x: answer %d word %08x, wanted answer %d word %08x",
			 edge_names[edge], before, answer, (uint32_t)state, wanted.answer, after);
	if (wanted.row < 0)
		assert_int_equal(after, before);
	else
		rows_seen[wanted.row]++;
}

/* state.h, "Transitions"; design 7: illegal edges change nothing. */
static void step__every_edge_from_every_word__as_documented(void **state)
{
	uint32_t nr = 0;

	(void)state;
	for (enum mirqi_edge edge = 0; edge < MIRQI_NR_EDGES; edge++) {
		uint32_t rows_seen[4] = { 0 };

		for (uint32_t bits = 0; bits < 1u << NR_BITS; bits++)
			for (uint32_t d = 0; d < NR(depths); d++, nr++)
				check_one(edge, bits | depths[d] * MIRQI_DEPTH_ONE, rows_seen);
		for (int row = 0; row < nr_rows[edge]; row++)
			if (!rows_seen[row])
				fail_msg("row %d of %s was never taken", row, edge_names[edge]);
	}
	assert_int_equal(nr, MIRQI_NR_EDGES * (1u << NR_BITS) * NR(depths));
}

static void depth__disabled_255_times__next_is_refused(void **state)
{
	mirqi_state word = MIRQI_ACTIVE | MIRQI_REQUESTED;

	(void)state;
	for (uint32_t i = 0; i < 255; i++)
		assert_int_equal(mirqi_state_step(&word, MIRQI_EDGE_DISABLE), MIRQI_OK);
	assert_int_equal(mirqi_state_step(&word, MIRQI_EDGE_DISABLE), MIRQI_ILLEGAL);
	for (uint32_t i = 0; i < 255; i++)
		assert_int_equal(mirqi_state_step(&word, MIRQI_EDGE_ENABLE), MIRQI_OK);
	assert_int_equal(mirqi_state_step(&word, MIRQI_EDGE_ENABLE), MIRQI_ILLEGAL);
	assert_int_equal(word, MIRQI_ACTIVE | MIRQI_REQUESTED);
}

/* The fast ways take exactly what the table would, or nothing. */
static void start_and_finish__every_word__the_table_or_nothing(void **state)
{
	uint32_t nr_started = 0, nr_finished = 0;

	(void)state;
	for (uint32_t bits = 0; bits < 1u << NR_BITS; bits++)
		for (uint32_t d = 0; d < NR(depths); d++) {
			uint32_t before = bits | depths[d] * MIRQI_DEPTH_ONE;
			mirqi_state fast = before, slow = before;

			if (mirqi_state_start(&fast)) {
				assert_int_equal(mirqi_state_step(&slow, MIRQI_EDGE_FIRE),
						 MIRQI_RUN_NOW);
				nr_started++;
			}
			assert_int_equal(fast, slow);
			fast = slow = before;
			if (mirqi_state_finish(&fast)) {
				assert_int_equal(mirqi_state_step(&slow, MIRQI_EDGE_DONE),
						 MIRQI_STOP);
				nr_finished++;
			}
			assert_int_equal(fast, slow);
		}
	assert_int_equal(nr_started, 1);
	assert_int_equal(nr_finished, 1);
}

static void text__most_telling_word__first(void **state)
{
	static const struct {
		uint32_t word;
		const char *text;
	} rows[] = {
		{ 0, "reserved" },
		{ MIRQI_ACTIVE | MIRQI_HWMASKED, "active" },
		{ MIRQI_OPEN, "enabled" },
		{ MIRQI_OPEN | MIRQI_RUN | MIRQI_KEPT, "running" },
		{ MIRQI_OPEN | MIRQI_STORM | MIRQI_ONESHOT, "storm" },
		{ MIRQI_OPEN | MIRQI_ONESHOT | MIRQI_DEPTH_ONE, "waiting" },
		{ MIRQI_OPEN | 3 * MIRQI_DEPTH_ONE | MIRQI_KEPT, "disabled" },
		{ MIRQI_OPEN | MIRQI_KEPT, "kept" },
	};

	(void)state;
	for (uint32_t i = 0; i < NR(rows); i++)
		assert_string_equal(mirqi_state_text(rows[i].word), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(step__every_edge_from_every_word__as_documented),
		cmocka_unit_test(depth__disabled_255_times__next_is_refused),
		cmocka_unit_test(start_and_finish__every_word__the_table_or_nothing),
		cmocka_unit_test(text__most_telling_word__first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
