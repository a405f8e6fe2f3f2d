/* SPDX-License-Identifier: MIT */
/*
 * oracle_inside.h - what the files of the oracle share.
 *
 *   oracle.c         life, rest, verdict         oracle_events.c  the machine's events, handlers
 *   oracle_calls.c   calls of mirq, their limits oracle_state.c   snapshots
 */
#ifndef SIM_ORACLE_INSIDE_H
#define SIM_ORACLE_INSIDE_H

#include <mirq/inspect.h>

#include "oracle.h"

#define ORACLE_TEXT_BYTES 224u
#define ORACLE_FRAMES 64u
#define ORACLE_CAUSES 256u
#define ORACLE_FRAME_CAUSES 6u
#define ORACLE_IDS 256u /* of one CPU */
#define ORACLE_NOBODY 0u
#define ORACLE_SOMEBODY UINT32_MAX /* an interrupt that is not followed, or not yet */

enum oracle_promise {
	ORACLE_IDLE,       /* no call may begin */
	ORACLE_REQUESTING, /* calls may begin, nothing is owed */
	ORACLE_REQUESTED,  /* each event is owed a call */
	ORACLE_RELEASING   /* calls may still begin */
};

/* One handler of one interrupt: the context that mirq hands to it. */
struct oracle_action {
	struct oracle *o;
	struct oracle_line *line;
	struct oracle_handler how;
	enum oracle_promise promise;
	uint32_t nr_running, is_owed, is_kept, nr_spare;
	uint64_t raised_ns, nr_calls;
};

enum oracle_life {
	ORACLE_UNUSED,
	ORACLE_ALLOCATED,
	ORACLE_LEFT /* given back; messages may be late */
};

/* One interrupt, by the slot that raises it. */
struct oracle_line {
	enum oracle_life life;
	struct mirq_irqs one;
	uint32_t number;
	struct sim_device *device;
	enum sim_store store;
	uint32_t is_isolated;
	uint32_t is_carried;      /* behind a mux: by interrupts of another device */
	uint32_t depth, is_quiet; /* disabled; and synchronised since */
	uint32_t is_deaf;         /* its device was removed or reset */
	uint32_t is_leaving;      /* its device is being detached */
	uint32_t is_later;
	struct oracle_action actions[ORACLE_ACTIONS];
};

/* A message that waits in a local APIC, or is being handled. */
struct oracle_cause {
	struct oracle_line *line;
	uint32_t cpu, vector;
	uint32_t used; /* bit by action */
};

/* A CPU handles a vector. */
struct oracle_frame {
	uint32_t is_open, cpu, vector, nr_causes;
	uint32_t owner; /* of the vector, when it was taken */
	struct oracle_cause causes[ORACLE_FRAME_CAUSES];
};

struct oracle {
	struct sim *s;
	struct mirq *m;
	struct oracle_line *lines;
	uint32_t nr_lines, nr_cpus;
	uint32_t *owners; /* by CPU and id: line + 1, ORACLE_NOBODY, ORACLE_SOMEBODY */
	struct oracle_cause pending[ORACLE_CAUSES];
	uint32_t nr_pending;
	struct oracle_frame frames[ORACLE_FRAMES];
	uint32_t nr_frames;
	uint32_t is_blurred; /* more at once than fits: causes are not judged any more */
	uint32_t is_isolating;
	uint32_t is_flat; /* ids are the system's */
	const struct sim_device *lost[SIM_MAX_DEVICES];
	uint32_t has_snapshots;
	uint32_t nr_gone; /* devices that were removed or reset */
	uint64_t nr_points, limit_ns, limit_points;
	struct oracle_call *calls; /* that are going on */
	struct oracle_text *bare;  /* the machine before mirq */
	uint64_t bare_live, bare_ram_bytes, bare_recorded;
	struct oracle_stats stats;
	struct mirq_fault last_fault;
	char verdict[ORACLE_TEXT_BYTES];
};

/* In a fiber of an engine: others run at the same time. */
int oracle_in_fiber(void);
/* The invariant does not hold: "I1: ...". In a fiber it does not return. */
void oracle_broken(struct oracle *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct oracle_line *oracle_line_of(const struct oracle *o, struct mirq_irqs irqs, uint32_t i);
/* A device does no commands any more: what its queue or firmware was told stays. */
uint32_t oracle_is_deaf(const struct oracle *o);
const char *oracle_line_text(const struct oracle_line *line);

/* oracle_events.c */
void oracle_on_event(void *context, const struct sim_event *event);
void oracle_on_trace(void *context, enum mirq_event event, uint32_t number, uint64_t a, uint64_t b);
enum mirq_handled oracle_handle(void *context);
void oracle_own(struct oracle *o, uint32_t cpu, uint32_t id, uint32_t owner);
uint32_t oracle_is_lost(const struct oracle *o, const struct sim_device *device);

/* oracle_state.c: @m NULL: of the machine only. */
struct oracle_text *oracle_text_new(struct sim *s, struct mirq *m);
void oracle_text_free(struct oracle_text *text);
#define ORACLE_TEXT_MACHINE "the machine:"
/* 1: equal; 0: the first lines that differ. @has_machine 0: only as far as mirq answers. */
int oracle_text_compare(const struct oracle_text *before, const struct oracle_text *after,
			int has_machine, const char **out_before, const char **out_after);

#endif
