/* SPDX-License-Identifier: MIT */
/*
 * axioms.h - small programs of atomic operations, and all their outcomes under the axioms of C11 as
 * C++20 repairs them, by plain enumeration. Shares no code and no idea with sim/atomics_views.c.
 */
#ifndef TESTS_SIM_AXIOMS_H
#define TESTS_SIM_AXIOMS_H

#include <stddef.h>
#include <stdint.h>

#define AXIOMS_THREADS 4
#define AXIOMS_STEPS 4
#define AXIOMS_VARIABLES 3

enum step_kind {
	STEP_LOAD,
	STEP_STORE,
	STEP_SWAP,
	STEP_FENCE
};

/* Numbered as memory_order. */
enum step_order {
	STEP_RELAXED = 0,
	STEP_ACQUIRE = 2,
	STEP_RELEASE = 3,
	STEP_ACQ_REL = 4,
	STEP_SEQ_CST = 5
};

struct step {
	enum step_kind kind;
	enum step_order order;
	uint32_t variable, value;
};

struct program {
	uint32_t nr_threads, nr_steps[AXIOMS_THREADS];
	struct step steps[AXIOMS_THREADS][AXIOMS_STEPS];
};

/* What each step has read, 0 where it reads nothing; and memory in the end. */
struct outcome {
	uint8_t read[AXIOMS_THREADS][AXIOMS_STEPS], memory[AXIOMS_VARIABLES];
};

struct outcomes {
	struct outcome *list;
	size_t nr, nr_room;
};

void outcomes_add(struct outcomes *o, const struct outcome *outcome);
int outcomes_have(const struct outcomes *o, const struct outcome *outcome);
int outcomes_are_same(const struct outcomes *a, const struct outcomes *b);
void outcomes_fini(struct outcomes *o);

/* "x=1 y=1r | ya x": threads; steps: VARIABLE=VALUE, VARIABLE<VALUE (exchange), VARIABLE (load), F
 * (fence), each with its order behind it: none relaxed, a acquire, r release, b acq_rel, s seq_cst.
 * 0: not a program. */
int program_parse(const char *text, struct program *out_program);

/* Every outcome that the axioms allow. Initially all is 0. */
void axioms_outcomes(const struct program *program, struct outcomes *o);

#endif
