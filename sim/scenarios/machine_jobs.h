/* SPDX-License-Identifier: MIT */
/*
 * machine_jobs.h - scenarios on the whole simulated machine (../machine.h) with its oracle
 * (../oracle.h): how one is written down, how it begins, what a CPU or a device does.
 */
#ifndef SIM_MACHINE_JOBS_H
#define SIM_MACHINE_JOBS_H

#include "../oracle.h"
#include "../port_ntb.h"
#include "failing.h"
#include "scenario.h"

#define WHOLE_NR_DEVICES 2
#define WHOLE_NR_IRQS 3
#define WHOLE_NR_CPUS 3

struct whole;
typedef void whole_job(struct whole *w);

/* An interrupt, or several of one store. */
struct whole_irq {
	uint32_t device;
	enum sim_store store; /* MSI: whichever of MSI-X and MSI it has */
	uint32_t nr;          /* slots, the lowest that are free; 0: 1 */
};

/* Devices are named dev and two; each has one interrupt, on the CPU @at, unless it is prepared
 * otherwise, or @irqs says which there are. */
struct whole_init {
	const char *machine;
	whole_job *prepare; /* before fibers run, at rest; NULL: whole_prepare() */
	uint32_t nr_devices, at[WHOLE_NR_IRQS];
	uint32_t nr_irqs; /* 0: one of each device */
	struct whole_irq irqs[WHOLE_NR_IRQS];
	whole_job *jobs[WHOLE_NR_CPUS];       /* of the CPUs; NULL: takes interrupts only */
	whole_job *devices[WHOLE_NR_DEVICES]; /* of the devices; NULL: silent */
	/* A second machine at the other end of a bridge, of which each has an end as its first
	 * device; and what its CPU does. NULL: there is none. */
	const char *far;
	whole_job *far_job;
};

struct whole {
	struct engine *e;
	struct whole_init init;
	struct scenario_failure *failure; /* NULL: nothing fails */
	struct sim *s;
	struct oracle *o;
	struct mirq_device *dev[WHOLE_NR_DEVICES];
	struct sim_device *hardware[WHOLE_NR_DEVICES];
	struct mirq_store *stores[WHOLE_NR_DEVICES][SIM_NR_STORES]; /* their own */
	struct mirq_irqs irqs[WHOLE_NR_IRQS];
	struct mirq_irqs lines; /* of the controller, if there is one; line n starts on CPU n */
	struct mirq_domain *mux;
	uint64_t nr_lent; /* each cookie is another */
	struct whole_fiber {
		struct whole *w;
		whole_job *job;
	} fibers[WHOLE_NR_CPUS + WHOLE_NR_DEVICES + 1];
	uint32_t nr_done; /* jobs of CPUs that have ended; who waits for one: */
	uint32_t is_sleeping, sleeper;
	uint32_t is_prepared; /* a CPU may leave */
	uint32_t is_requested[WHOLE_NR_IRQS];
	uint32_t is_lossy; /* hardware does not answer: calls may answer MIRQ_EIO */
	/* The second machine: */
	struct sim *far;
	struct sim_peer *peer;
	uint32_t is_rung, is_far_asleep, far_fiber;
};

/* A row of a table: name, summary, bound, floor, then members of struct whole_init. */
#define WHOLE(name_, summary_, bound_, floor_, ...)                                                \
	{                                                                                          \
		name_, summary_, bound_, floor_, whole_begin, whole_finish,                        \
			&(const struct whole_init){ __VA_ARGS__ }, NULL,                           \
	}
void whole_begin(struct engine *e, const struct scenario *s);
void whole_finish(struct engine *e, const struct scenario *s, enum engine_end end);

/* How it begins: every device has its interrupt and a handler; the first, too, but no handler; the
 * second not even an interrupt. */
void whole_prepare(struct whole *w);
void whole_prepare_allocated(struct whole *w);
void whole_prepare_first(struct whole *w);
void whole_prepare_used(struct whole *w);  /* and its unit remembers its entry */
void whole_prepare_error(struct whole *w); /* the same, and refuses the next descriptor */
void whole_prepare_dead(struct whole *w);  /* the same, and takes no more: moves may fail */

/* The second one is disabled, and has kept an event. */
void whole_prepare_second_off(struct whole *w);
/* The next command to a queue or to firmware is refused; or done, and denied; or none is done. */
void whole_prepare_refused(struct whole *w);
void whole_prepare_denied(struct whole *w);
void whole_prepare_deaf(struct whole *w);

/* What a CPU does, to the first device's interrupt. */
void whole_move_to_1(struct whole *w);
void whole_move_to_2(struct whole *w);
void whole_move_second_to_0(struct whole *w);
void whole_move_there_and_back(struct whole *w);
void whole_move_line(struct whole *w); /* the controller's first, to CPU 1 */
void whole_release(struct whole *w);
void whole_release_second(struct whole *w);
void whole_release_and_request(struct whole *w);
void whole_free(struct whole *w);
void whole_detach(struct whole *w);
void whole_pause(struct whole *w);
void whole_pause_and_sync(struct whole *w);
void whole_request(struct whole *w);
void whole_prepare_0_offline(struct whole *w);
void whole_go_offline(struct whole *w); /* the CPU that runs this, once that is prepared */
void whole_resend(struct whole *w);
/* Free the first device's, give the second device one. */
void whole_replace(struct whole *w);
/* Free it, and give its slot to somebody else: another cookie. */
void whole_lend_again(struct whole *w);
/* Moves that the device may refuse: asked for again until they are done. */
void whole_move_at_last(struct whole *w);
void whole_pause_second(struct whole *w);
void whole_enable_second(struct whole *w);

/* What a device does. */
void whole_raise(struct whole *w);        /* the first device, once */
void whole_raise_second(struct whole *w); /* the second interrupt; the third */
void whole_raise_third(struct whole *w);
void whole_raise_second_twice(struct whole *w);
void whole_raise_neighbour(struct whole *w); /* the second slot of the first one */
void whole_reset_queue(struct whole *w);
void whole_raise_and_reset_queue(struct whole *w);
void whole_raise_and_reset(struct whole *w);
void whole_raise_twice(struct whole *w);
void whole_raise_after(struct whole *w); /* once a job has ended */
void whole_raise_and_leave(struct whole *w);
/* What the CPU of a second machine does: answer whenever it is told, until all jobs have ended;
 * before that, or after the first answer, it has an event for a slot. */
void whole_serve(struct whole *w);
void whole_far_raise(struct whole *w);
void whole_far_raise_late(struct whole *w);
void whole_far_raise_twice(struct whole *w); /* before and after */
void whole_far_raise_second(struct whole *w);
/* The second one sends the first one's message; the first one sends it without being asked to. */
void whole_forge(struct whole *w);
void whole_write(struct whole *w);

#endif
