/* SPDX-License-Identifier: MIT */
/*
 * acme_world.c - see acme_world.h: the device, the driver's calls, the judge.
 * Locking: none.
 */
#include "acme_world.h"

#include <string.h>

#include <mirq/bus.h>
#include <mirq/inspect.h>

#define COMMANDS 0x100u
#define SLOTS 0x800u
#define SLOT_BYTES 32u
#define REGISTERS_BYTES 0x1000u

enum word {
	WORD_ADDRESS_LOW,
	WORD_ADDRESS_HIGH,
	WORD_DATA,
	WORD_MASK,
	WORD_PASID
};

static void breach(struct acme_world *w, const char *text)
{
	if (!w->breach)
		w->breach = text;
}

/* ---- The device ---- */

static void send(struct acme_world *w, uint32_t queue, const uint32_t words[3])
{
	if (w->queues[queue].words[WORD_PASID] != ACME_WORLD_PASID(queue))
		breach(w, "I4: a slot sends under another process's PASID");
	sim_device_say(w->hardware, (uint64_t)words[WORD_ADDRESS_HIGH] << 32 | words[0],
		       words[WORD_DATA]);
}

/* 1: sent or kept. 0: what was read must not be used: the slot was masked or opened meanwhile. */
static int try(struct acme_world *w, uint32_t queue)
{
	struct acme_world_queue *q = &w->queues[queue];
	uint32_t generation = q->generation, words[3];

	if (q->words[WORD_MASK]) {
		q->is_pending = 1;
		return 1;
	}
	for (uint32_t i = 0; i < 3; i++) {
		if (i)
			sim_device_point(w->hardware);
		words[i] = q->words[i];
	}
	if (q->words[WORD_MASK] || q->generation != generation)
		return 0;
	send(w, queue, words);
	return 1;
}

static void act(void *context)
{
	struct acme_world *w = context;
	struct acme_world_queue *q = &w->queues[w->raises];

	q->nr_raised++;
	if (q->is_live)
		q->nr_owed = w->acme.done[w->raises] + 1;
	while (!try(w, w->raises))
		;
}

void acme_world_raise(struct acme_world *w, uint32_t queue)
{
	w->raises = queue;
	sim_device_act(w->hardware, act, w);
}

void acme_world_command(struct acme_world *w)
{
	w->nr_commands++;
	w->nr_commands_raised += w->is_up;
	sim_device_raise(w->hardware, 0);
}

static void write_slot(struct acme_world *w, uint32_t queue, uint32_t word, uint32_t value)
{
	struct acme_world_queue *q = &w->queues[queue];
	uint32_t was = q->words[word];

	if (word > WORD_PASID || (word == WORD_MASK && value > 1)) {
		breach(w, "I4: a bit of a slot was written that has no meaning");
		return;
	}
	if (word != WORD_MASK && was != value && !q->words[WORD_MASK])
		breach(w, "I4: a message, or a PASID, changes while its slot may send");
	q->words[word] = value;
	if (word != WORD_MASK || !was || value)
		return;
	q->generation++;
	if (!q->is_pending)
		return;
	q->is_pending = 0;
	send(w, queue, q->words);
}

static void write_register(void *context, uint32_t offset, uint32_t value)
{
	struct acme_world *w = context;
	uint32_t queue = (offset - SLOTS) / SLOT_BYTES;

	if (offset >= SLOTS && queue < ACME_QUEUES)
		write_slot(w, queue, offset % SLOT_BYTES / 4, value);
	else
		breach(w, "I4: a register was written that is none of the driver's");
}

static uint32_t read_register(void *context, uint32_t offset)
{
	struct acme_world *w = context;
	uint32_t queue = (offset - SLOTS) / SLOT_BYTES, value = 0;

	if (offset == COMMANDS) {
		value = w->nr_commands;
		w->nr_commands = 0;
	} else if (offset >= SLOTS && queue < ACME_QUEUES) {
		value = w->queues[queue].words[offset % SLOT_BYTES / 4];
	}
	return value;
}

/* ---- The driver's calls ---- */

enum mirq_err acme_world_probe(struct acme_world *w)
{
	uint64_t pasids[ACME_QUEUES];
	enum mirq_err err;

	for (uint32_t i = 0; i < ACME_QUEUES; i++) {
		pasids[i] = ACME_WORLD_PASID(i);
		w->queues[i].is_quiet = w->queues[i].nr_owed = 0;
		w->queues[i].nr_raised = w->queues[i].is_pending;
	}
	w->nr_commands_raised = 0;
	w->acme = (struct acme){
		.regs = { .host = sim_host(w->s),
			  .base = (void *)(uintptr_t)(SIM_MAPPED |
						      sim_device_registers(w->hardware)),
			  .limit_bytes = REGISTERS_BYTES },
	};
	err = acme_probe(&w->acme, w->dev, pasids);
	w->is_up = !err;
	for (uint32_t i = 0; !err && i < ACME_QUEUES; i++) {
		w->queues[i].is_quiet = i >= mirq_irq_count(w->acme.lent);
		w->queues[i].is_live = !w->queues[i].is_quiet;
	}
	return err;
}

enum mirq_err acme_world_move(struct acme_world *w, uint32_t queue, uint32_t cpu)
{
	return acme_move(&w->acme, queue, cpu);
}

static void quiet(struct acme_world *w, uint32_t queue)
{
	w->queues[queue].is_quiet = 1;
	w->queues[queue].nr_last = w->acme.done[queue];
}

void acme_world_take_back(struct acme_world *w, uint32_t queue)
{
	w->queues[queue].is_live = 0;
	acme_take_back(&w->acme, queue);
	quiet(w, queue);
}

void acme_world_remove(struct acme_world *w)
{
	w->is_up = 0;
	for (uint32_t i = 0; i < ACME_QUEUES; i++)
		w->queues[i].is_live = 0;
	acme_remove(&w->acme);
	for (uint32_t i = 0; i < ACME_QUEUES; i++)
		quiet(w, i);
}

/* ---- The judge ---- */

static void judge(struct acme_world *w, const struct acme_world_queue *q, uint32_t done)
{
	if (q->is_live && !w->is_lossy && done < q->nr_owed)
		breach(w, "I1: an event of a queue that is lent was never handled");
	if (done > q->nr_raised)
		breach(w, "I2: a handler was called more often than its queue has raised events");
	if (q->is_quiet && done != q->nr_last)
		breach(w, "I2: a handler was called after its queue was taken back");
}

void acme_world_rest(struct acme_world *w)
{
	struct mirq_why why = { 0 };

	sim_run_until_idle(w->s);
	for (uint32_t i = 0; i < ACME_QUEUES; i++)
		judge(w, &w->queues[i], w->acme.done[i]);
	if (w->is_up && !w->is_misread && w->acme.nr_commands < w->nr_commands_raised)
		breach(w, "I1: a command's end was never handled");
	if (mirq_check(w->m, &why))
		breach(w, why.text);
	if (sim_violation(w->s))
		breach(w, sim_violation(w->s));
}

enum mirq_err acme_world_begin(struct acme_world *w, struct sim *s, uint32_t nr_vectors,
			       enum mirq_guest guest)
{
	static const struct sim_own own = { write_register, read_register };
	struct mirq_x86_init x86 = { MIRQ_SIZED(mirq_x86_init), .vtd_nr_entries = 16,
				     .guest = guest };
	enum mirq_err err;

	memset(w, 0, sizeof(*w));
	w->s = s;
	w->hardware = sim_device(s, "dev");
	for (uint32_t i = 0; i < ACME_QUEUES; i++)
		w->queues[i].words[WORD_MASK] = 1;
	sim_device_set_own(w->hardware, &own, w);
	if (nr_vectors)
		x86.vectors = (struct mirq_range){ SIM_VECTORS_FIRST,
						   SIM_VECTORS_FIRST + nr_vectors };
	if (sim_spec(s)->nr_units)
		x86.remap = MIRQ_X86_REMAP_REQUIRED;
	err = sim_attach(s, &x86, &w->m);
	return err ? err : sim_pci_attach(s, w->m, "dev", &w->dev);
}

/* What cannot be switched off keeps its tables, and a log says so. */
static int is_left_on(const struct sim *s)
{
	return sim_logs(s) && strstr(sim_last_log(s), "off");
}

const char *acme_world_finish(struct acme_world *w)
{
	struct mirq_info info;

	acme_world_rest(w);
	if (w->is_up)
		acme_world_remove(w);
	if (mirq_device_detach(w->dev))
		breach(w, "I5: the device does not leave");
	acme_world_rest(w);
	mirq_inspect(w->m, &info);
	if (info.nr_irqs && !info.nr_quarantined)
		breach(w, "I5: interrupts stay behind");
	mirq_fini(w->m);
	if ((sim_live(w->s) || sim_ram_used_bytes(w->s)) && !is_left_on(w->s))
		breach(w, "I5: memory stays behind");
	return w->breach;
}
