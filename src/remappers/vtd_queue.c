/* SPDX-License-Identifier: MIT */
/*
 * vtd_queue.c - queued invalidation of a VT-d unit: after a flush its cache holds nothing old.
 *
 * The ring is empty between flushes: each one submits its descriptors and one wait, and polls the
 * word that the wait writes. Not here: what the entries hold (vtd_table.c), switching the queue
 * (vtd_life.c).
 * Sources: [VTD] 6.5.2 (queue, errors), 6.5.6 (interrupt draining), 11.4.9 (fault status).
 * Locking: the unit's lock around a submission; polling under it is bounded by the time-out.
 */
#include "vtd.h"

#define VTD_FSTS_ALL_ONES 0xffffffffu
#define VTD_POLLS_PER_LOOK 64u /* reads of memory for one read of the fault status */
#define VTD_ATTEMPTS 3u
#define VTD_FIRST_INDEX_LOG2_MAX 16u

enum vtd_answer {
	VTD_DONE,  /* the wait was written */
	VTD_AGAIN, /* the queue runs, but descriptors were lost to an error */
	VTD_DEAD   /* out of time, or gone */
};

void mirqi_vtd_tell(const struct mirqi_vtd *u, const char *text)
{
	const struct mirq_log_record record = { .level = MIRQ_LOG_ERROR,
						.text = text,
						.domain = u->name };

	mirq_host_log(u->host, &record);
}

void mirqi_vtd_break(struct mirqi_vtd *u, const char *text)
{
	mirqi_vtd_count(&u->counters.nr_errors, 1);
	if (!atomic_exchange_explicit(&u->is_broken, 1, memory_order_relaxed))
		mirqi_vtd_tell(u, text);
}

static void vtd_clean(const struct mirqi_vtd *u, const void *memory, size_t size_bytes)
{
	if (u->must_clean)
		mirq_host_clean(u->host, memory, size_bytes);
}

void mirqi_vtd_queue_init(struct mirqi_vtd *u)
{
	/* One page (QS 0) of 128-bit descriptors (DW 0). Old errors would stop it. */
	mirq_regs_write32(&u->regs, VTD_FSTS, (uint32_t)VTD_FSTS_QUEUE);
	mirq_regs_write64(&u->regs, VTD_IQT, 0);
	mirq_regs_write64(&u->regs, VTD_IQA, u->ring_bus & MIRQ_FIELD_MASK(VTD_IQA_IQA));
	u->tail = 0;
}

static void vtd_put(struct mirqi_vtd *u, uint32_t index, struct mirq_vtd_descriptor descriptor)
{
	u->ring[index] = descriptor;
	vtd_clean(u, &u->ring[index], sizeof(descriptor));
}

/* Is this the wait of vtd_completion.c, which interrupts? It comes alone. */
static uint32_t vtd_is_wait(const struct mirq_vtd_descriptor *descriptor)
{
	return MIRQ_GET(descriptor->low, VTD_D_TYPE) == VTD_D_TYPE_WAIT;
}

/*
 * Descriptors, then the wait, then the tail: the unit fetches up to the tail as soon as that
 * moves, and mirq_regs_write32() lets it see what was stored before.
 */
static void vtd_submit(struct mirqi_vtd *u, const struct mirq_vtd_descriptor *descriptors,
		       uint32_t nr) MIRQ_MUST_HOLD(u->lock)
{
	uint64_t status_bus = u->ring_bus + VTD_RING_BYTES;

	for (uint32_t i = 0; i < nr; i++) {
		vtd_put(u, u->tail, descriptors[i]);
		u->tail = (u->tail + 1) % VTD_RING_ENTRIES;
	}
	vtd_put(u, u->tail, mirqi_vtd_compose_wait(status_bus, ++u->sequence));
	u->tail = (u->tail + 1) % VTD_RING_ENTRIES;
	mirq_regs_write32(&u->regs, VTD_IQT, (uint32_t)MIRQ_SET(0, VTD_IQT_QT, u->tail));
	mirqi_vtd_count(&u->counters.nr_invalidations, nr - vtd_is_wait(descriptors));
	mirqi_vtd_count(&u->counters.nr_waits, 1 + vtd_is_wait(descriptors));
}

/*
 * Look at the fault status and let a stopped queue run again, [VTD] 6.5.2:
 *  IQE  the unit stops at a descriptor that it does not take; a wait that does nothing takes
 *       its place, then the bit is cleared, which lets the unit go on.
 *  ITE  a device did not answer an invalidation of its own cache; pending waits are dropped.
 *  ICE  an answer that nobody asked for; nothing of ours is lost.
 * VTD_DONE: nothing was lost.
 */
static enum vtd_answer vtd_errors_clear(struct mirqi_vtd *u) MIRQ_MUST_HOLD(u->lock)
{
	uint32_t status = mirq_regs_read32(&u->regs, VTD_FSTS);
	uint32_t errors = status & (uint32_t)VTD_FSTS_QUEUE;

	if (status == VTD_FSTS_ALL_ONES)
		return VTD_DEAD;
	if (!errors)
		return VTD_DONE;
	mirqi_vtd_count(&u->counters.nr_errors, 1);
	if (MIRQ_GET(errors, VTD_FSTS_IQE)) {
		uint32_t head = mirq_regs_read32(&u->regs, VTD_IQH);
		struct mirq_vtd_descriptor nothing = { .low = VTD_D_TYPE_WAIT };

		vtd_put(u, (uint32_t)MIRQ_GET(head, VTD_IQH_QH) % VTD_RING_ENTRIES, nothing);
	}
	mirq_regs_write32(&u->regs, VTD_FSTS, errors);
	return errors == MIRQ_FIELD_MASK(VTD_FSTS_ICE) ? VTD_DONE : VTD_AGAIN;
}

static int vtd_queue_is_empty(const struct mirqi_vtd *u)
{
	uint32_t head = mirq_regs_read32(&u->regs, VTD_IQH);

	return MIRQ_GET(head, VTD_IQH_QH) == u->tail;
}

static int vtd_is_done(const struct mirqi_vtd *u)
{
	return atomic_load_explicit(u->status, memory_order_acquire) == u->sequence;
}

int mirqi_vtd_queue_is_idle(const struct mirqi_vtd *u)
{
	return vtd_queue_is_empty(u) && vtd_is_done(u);
}

/* Poll for the last wait. Registers are read only when memory has not answered for a while. */
static enum vtd_answer vtd_await(struct mirqi_vtd *u, struct mirqi_vtd_deadline *deadline)
	MIRQ_MUST_HOLD(u->lock)
{
	enum vtd_answer answer = VTD_DONE, look;
	uint32_t nr_polls = 0;

	do {
		nr_polls++;
		if (deadline->is_last || nr_polls % VTD_POLLS_PER_LOOK == 0) {
			look = vtd_errors_clear(u);
			/* Only now does it run again: its time begins. */
			if (look == VTD_AGAIN && answer == VTD_DONE && deadline->is_last)
				*deadline = (struct mirqi_vtd_deadline){ 0 };
			if (look != VTD_DONE)
				answer = look;
			if (answer == VTD_DEAD || (answer == VTD_AGAIN && vtd_queue_is_empty(u)))
				goto out;
		}
		if (vtd_is_done(u))
			goto out;
	} while (!mirqi_vtd_expired(u, deadline));
	answer = VTD_DEAD;
out:
	mirqi_vtd_count(&u->counters.nr_polls, nr_polls);
	return answer;
}

static enum mirq_err vtd_run_locked(struct mirqi_vtd *u,
				    const struct mirq_vtd_descriptor *descriptors, uint32_t nr)
	MIRQ_MUST_HOLD(u->lock)
{
	const struct mirq_vtd_descriptor all = mirqi_vtd_compose_iec_global();
	struct mirqi_vtd_deadline deadline = { 0 };
	enum vtd_answer answer = VTD_AGAIN;

	if (mirqi_vtd_write_buffer_flush(u))
		return MIRQ_EIO;
	for (uint32_t i = 0; answer == VTD_AGAIN && i < VTD_ATTEMPTS; i++) {
		/* Which descriptors an error cost is not known: everything again. */
		if (i && !vtd_is_wait(descriptors)) {
			descriptors = &all;
			nr = 1;
		}
		vtd_submit(u, descriptors, nr);
		answer = vtd_await(u, &deadline);
	}
	return answer == VTD_DONE ? MIRQ_OK : MIRQ_EIO;
}

enum mirq_err mirqi_vtd_run(struct mirqi_vtd *u, const struct mirq_vtd_descriptor *descriptors,
			    uint32_t nr)
{
	enum mirq_err err;
	uintptr_t saved;

	if (atomic_load_explicit(&u->is_broken, memory_order_relaxed))
		return MIRQ_EIO;
	if (u->is_borrowed) {
		err = u->owner.submit_and_wait(u->owner.data, descriptors, nr);
		mirqi_vtd_count(&u->counters.nr_invalidations, nr);
		mirqi_vtd_count(&u->counters.nr_waits, 1);
	} else {
		saved = mirqi_spin_lock(u->host, &u->lock);
		err = vtd_run_locked(u, descriptors, nr);
		mirqi_spin_unlock(u->host, &u->lock, saved);
	}
	if (!err)
		return MIRQ_OK;
	mirqi_vtd_break(u, "the unit does not answer invalidations: interrupts behind it can no "
			   "longer be set up, moved or freed; reset the machine");
	return MIRQ_EIO;
}

enum mirq_err mirqi_vtd_flush_all(struct mirqi_vtd *u)
{
	const struct mirq_vtd_descriptor all = mirqi_vtd_compose_iec_global();

	return mirqi_vtd_run(u, &all, 1);
}

/* log2 of the smallest aligned block around @run. */
static uint32_t vtd_around_log2(struct mirq_range run)
{
	uint32_t log2 = 0;

	while (run.first >> log2 != (run.limit - 1) >> log2)
		log2++;
	return log2;
}

/* log2 of the largest aligned block at the beginning of @run. */
static uint32_t vtd_inside_log2(struct mirq_range run)
{
	uint32_t log2 = 0;

	while (!(run.first & (UINT32_C(1) << log2)) && UINT32_C(2) << log2 <= run.limit - run.first)
		log2++;
	return log2;
}

/*
 * Cover @run with descriptors behind the @nr that are there: one for a block around it where that
 * is less than twice the run (to forget more than has changed costs the unit a fetch, nothing
 * else), else blocks inside. Returns how many there are then; above VTD_FLUSH_MAX: too many.
 */
static uint32_t vtd_cover(const struct mirqi_vtd *u, struct mirq_range run,
			  struct mirq_vtd_descriptor *descriptors, uint32_t nr)
{
	uint32_t max_log2 = (uint32_t)MIRQ_GET(u->ecap, VTD_ECAP_MHMV);

	while (run.first < run.limit) {
		uint32_t log2 = vtd_around_log2(run);

		if (nr == VTD_FLUSH_MAX)
			return VTD_FLUSH_MAX + 1;
		if (log2 <= max_log2 &&
		    (UINT64_C(1) << log2) < UINT64_C(2) * (run.limit - run.first)) {
			run.first &= ~((UINT32_C(1) << log2) - 1);
		} else {
			log2 = vtd_inside_log2(run);
			log2 = log2 < max_log2 ? log2 : max_log2;
		}
		descriptors[nr++] = mirqi_vtd_compose_iec(run.first, log2);
		run.first += UINT32_C(1) << log2;
	}
	return nr;
}

/*
 * Draining, MIRQ_REMAPPER_DRAINS: an interrupt request that the unit remapped by an old entry has
 * reached the local APIC when a wait behind the entry's invalidation is done: [VTD] 6.5.6,
 * interrupt draining. (It may still be pending in the APIC; that is the root's to see.)
 */
enum mirq_err mirqi_vtd_flush(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mirq_vtd_descriptor descriptors[VTD_FLUSH_MAX];
	struct mirqi_vtd *u = data;
	struct mirqi_vtd_runs runs = { .batch = batch };
	struct mirq_range run;
	uint32_t nr = 0;

	(void)ctx;
	while (nr <= VTD_FLUSH_MAX && mirqi_vtd_run_next(&runs, &run))
		nr = vtd_cover(u, run, descriptors, nr);
	if (!nr)
		return MIRQ_OK;
	if (nr > VTD_FLUSH_MAX)
		return mirqi_vtd_flush_all(u);
	return mirqi_vtd_run(u, descriptors, nr);
}
