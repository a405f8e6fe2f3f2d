/* SPDX-License-Identifier: MIT */
/*
 * model.h - what a machine consists of, for the files of the machine only. Scenarios use machine.h.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "bits.h"
#include "machine.h"

#define SIM_LINE_BYTES 64u
#define SIM_CONFIG_BYTES 256u
#define SIM_MAX_FUNCTIONS (2 * SIM_MAX_DEVICES + 4)
#define SIM_MAX_FLIGHTS 256u
#define SIM_MAX_RECORDS 32u
#define SIM_MAX_IN_PROGRESS 8u
#define SIM_MAX_BLOCKS 1024u

/* What interrupt messages say to local APICs. */
enum sim_delivery {
	SIM_FIXED = 0,
	SIM_LOWEST = 1
};
struct sim_route {
	uint32_t destination;
	uint32_t is_logical;
	uint32_t is_wide; /* 32-bit destination: everybody is all ones */
	uint32_t delivery;
	uint32_t vector;
};

/* ---- memory.c ---- */

struct sim_block {
	size_t first_byte, size_bytes;
};
/* What is given out of a piece of memory. */
struct sim_pool {
	uint8_t *bytes;
	size_t size_bytes;
	uint64_t address;                        /* of its first byte, for alignment */
	struct sim_block blocks[SIM_MAX_BLOCKS]; /* sorted by address */
	uint32_t nr_blocks;
	uint64_t used_bytes;
};
struct sim_memory {
	struct sim_pool ram;  /* what CPUs see */
	uint8_t *image;       /* what units that do not snoop see; NULL: there are none */
	struct sim_pool heap; /* with an engine: of the software that runs here */
};
int sim_memory_init(struct sim *s);
/* NULL: none left. */
void *sim_pool_alloc(struct sim_pool *p, size_t size_bytes, size_t align_bytes);
/* 0, or -1: this was never given out, or with another size. */
int sim_pool_free(struct sim_pool *p, void *memory, size_t size_bytes);
/* Zeroed memory of the machine itself, gone with it; with an engine at equal addresses. */
void *sim_own(struct sim *s, size_t size_bytes);
void sim_disown(struct sim *s);
/* Devices: 1, or 0 when this is no memory. */
int sim_memory_read(struct sim *s, int is_snooped, uint64_t bus, void *to, size_t size_bytes);
int sim_memory_write(struct sim *s, uint64_t bus, const void *from, size_t size_bytes);

/* ---- lapic.c ---- */

#define SIM_VECTOR_WORDS 8u

struct sim_cpu {
	struct sim *s;
	uint32_t index, apic_id, node;
	uint64_t apic_base;
	uint32_t tpr, svr, ldr, dfr, esr, esr_seen, icr_low, icr_high;
	uint32_t local[8]; /* local vector table and timer: kept, without effect */
	uint32_t irr[SIM_VECTOR_WORDS], isr[SIM_VECTOR_WORDS];
	uint32_t is_irq_on, in_irq;
	/* With an engine: */
	uint32_t holder;     /* fiber that has interrupts off; SIM_NO_CPU: none */
	uint32_t nr_threads; /* spawned here and not ended */
	uint32_t is_waiting; /* for the holder */
	uint32_t idle_fiber;
	struct sim_cpu_stats stats;
};
void sim_lapic_reset(struct sim_cpu *c);
/* A message arrives at the local APICs. */
void sim_apics_accept(struct sim *s, const struct sim_route *route);
/* 1: it is requested now. */
int sim_lapic_accept(struct sim_cpu *c, uint32_t vector);
/* The vector that would be taken now, moved into service; 0: none. */
uint32_t sim_lapic_acknowledge(struct sim_cpu *c);
int sim_lapic_is_deliverable(const struct sim_cpu *c);
uint32_t sim_lapic_read(struct sim_cpu *c, uint32_t offset);
void sim_lapic_write(struct sim_cpu *c, uint32_t offset, uint32_t value);
uint64_t sim_lapic_msr_read(struct sim_cpu *c, uint32_t msr);
void sim_lapic_msr_write(struct sim_cpu *c, uint32_t msr, uint64_t value);

/* ---- pci.c, msi.c, device.c ---- */

struct sim_function {
	uint16_t rid;
	uint8_t config[SIM_CONFIG_BYTES];
	uint8_t writable[SIM_CONFIG_BYTES];
	struct sim_device *device; /* NULL: a bridge */
};

struct sim_msix_entry {
	uint32_t words[4];
	uint32_t generation; /* counts unmaskings */
	uint32_t is_pending;
};

/* A slot of a device's own store. */
struct sim_ims_slot {
	uint32_t words[4];   /* address low, high, data; control, or the cookie of a queue's slot */
	uint32_t generation; /* counts unmaskings */
	uint32_t is_pending;
	uint32_t is_on;               /* of a queue: enabled */
	uint32_t is_lent, pasid;      /* whose work stands behind it */
	uint32_t has_cookie, is_told; /* of a queue */
};
struct sim_ims_area {
	struct sim_ims_slot *slots;
	uint32_t nr_slots;  /* 0: no such store */
	uint32_t at, limit; /* its registers in the BAR */
};
/* A command that is being done. */
struct sim_command {
	uint32_t is_going, steps_left;
	uint32_t op, slot;
	uint64_t cookie;
	uint32_t words[3];
};
#define SIM_IMS_NR_USERS 4u

struct sim_ims {
	struct sim_ims_area areas[SIM_NR_STORES];
	uint32_t masks;             /* of the registers: a bit each */
	uint32_t queue_regs[6];     /* as written */
	uint32_t nr_given, nr_done; /* commands of the queue */
	uint32_t is_queue_on, has_queue_failed;
	uint32_t mailbox[4];
	uint32_t nr_told, is_told, told[4]; /* what firmware was told */
	uint32_t mailbox_user;              /* of firmware with four users */
	struct sim_ims_user {
		uint32_t nr_told, is_told, told[4];
	} users[SIM_IMS_NR_USERS];
	uint32_t nr_done_mailbox, has_mailbox_failed;
	struct sim_command in_queue, in_mailbox;
	struct sim_command_knobs knobs;
};

struct sim_device {
	struct sim *s;
	const struct sim_device_spec *spec;
	uint32_t index;
	struct sim_function function;
	uint16_t requester;
	struct sim_unit *unit; /* NULL: none */
	uint32_t pcie_at, msi_at, msix_at;
	uint32_t is_gone, nr_config_failures;
	uint64_t bar_address, bar_bytes; /* as firmware assigned it */
	uint32_t table_at, pba_at, ims_at;
	uint32_t ntb_at; /* the window */
	struct sim_ntb *ntb;
	struct sim_device *vmd; /* the controller that it is behind; NULL: none */
	struct sim_msix_entry *entries;
	uint32_t msi_pending, msi_generation;
	struct sim_ims ims;
	uint32_t is_speaking, speaker; /* a message is being made, by this fiber */
	uint32_t scratch;
	const struct sim_own *own; /* NULL: nobody else's */
	void *own_context;
	sim_between *between; /* NULL: nothing */
	void *between_context;
	struct sim_device_stats stats;
};

int sim_pci_build(struct sim *s);
struct sim_function *sim_pci_find(struct sim *s, uint16_t rid);
uint32_t sim_function_read(const struct sim_function *f, uint32_t offset, uint32_t width_bytes);
void sim_function_put(struct sim_function *f, uint32_t offset, uint32_t width_bytes,
		      uint32_t value);
void sim_function_allow(struct sim_function *f, uint32_t offset, uint32_t width_bytes,
			uint32_t bits);
/* Where the device answers in memory space now; 0: nowhere. */
uint64_t sim_device_bar(const struct sim_device *d);

/* After a configuration write has changed the registers of a capability. */
void sim_msi_written(struct sim_device *d, uint32_t offset, uint32_t width_bytes);
void sim_msi_capabilities(struct sim_device *d, uint32_t *inout_at, uint32_t *inout_link);
void sim_msi_reset(struct sim_device *d);
uint32_t sim_msix_read(const struct sim_device *d, uint32_t offset);
void sim_msix_write(struct sim_device *d, uint32_t offset, uint32_t value);
/* May the device send at all? */
int sim_device_is_master(const struct sim_device *d);

/* ---- ims*.c: a device's own stores ---- */

/* Their place behind the table and pending bits of MSI-X, @at on; where it ends. */
uint32_t sim_ims_size(struct sim_device *d, uint32_t at);
int sim_ims_build(struct sim_device *d);
void sim_ims_reset(struct sim_device *d);
uint32_t sim_ims_read(const struct sim_device *d, uint32_t offset);
void sim_ims_write(struct sim_device *d, uint32_t offset, uint32_t value);
void sim_ims_describe(const struct sim_device *d, void (*line)(void *context, const char *text),
		      void *context);
/* A slot that was kept may speak now: all words at one instant. */
void sim_ims_send_kept(struct sim_device *d, enum sim_store store, uint32_t slot);
/* A command has something to do. */
int sim_ims_is_busy(const struct sim_device *d);
void sim_ims_step(struct sim_device *d);

/* What tells one of these stores from another. */
struct sim_ims_kind {
	const char *name;
	/* 1: it cannot send, the event is lost. */
	int (*is_deaf)(const struct sim_device *d, uint32_t slot);
	/* 1: it must not send now, the event is kept. */
	int (*is_masked)(const struct sim_device *d, uint32_t slot);
	/* 0, 1: address; 2: data. */
	uint32_t (*word)(const struct sim_device *d, uint32_t slot, uint32_t word);
	/* NULL: its slots have none. */
	uint32_t (*pasid)(const struct sim_device *d, uint32_t slot);
	uint32_t is_whole; /* the words are its own: nobody changes one in between */
	/* Registers, from the beginning of its area. */
	uint32_t (*read)(const struct sim_device *d, uint32_t offset);
	void (*write)(struct sim_device *d, uint32_t offset, uint32_t value);
	void (*reset)(struct sim_device *d);
};
extern const struct sim_ims_kind sim_ims_array, sim_ims_queue, sim_ims_registers, sim_ims_firmware;
#define SIM_IMS_QUEUE_TAIL 0x18u
#define SIM_IMS_MAILBOX_COMMAND 0x10u
void sim_ims_queue_step(struct sim_device *d);
void sim_ims_mailbox_step(struct sim_device *d);
/* What the device says of a command at its end: 1: done; and whether it was. */
int sim_ims_answer(struct sim_device *d, int *out_is_done);
/* A write there is a command: a port loses it on demand. */
int sim_ims_is_doorbell(const struct sim_device *d, uint64_t offset);

/* ---- ntb.c ---- */

/* A CPU has written into the window. */
void sim_ntb_window(struct sim_device *d, uint32_t offset, uint32_t value);

/* ---- vmd.c ---- */

/* It stands between a device and the root complex from now on. */
void sim_vmd_above(struct sim_device *child, struct sim_device *vmd);

/* ---- vtd*.c ---- */

struct sim_entry {
	uint64_t low, high;
	uint32_t generation; /* cached when equal to the unit's */
};
struct sim_descriptor {
	uint64_t low, high;
	uint32_t steps_left;
};
struct sim_unit {
	struct sim *s;
	const struct sim_unit_spec *spec;
	uint32_t index;
	uint64_t address;
	uint32_t regs[1024]; /* a page, as it reads */
	/* Latched by the set-table-pointer command: */
	uint64_t table_bus;
	uint32_t nr_entries, is_wide, is_latched, is_flushed;
	struct sim_entry *cache[256]; /* 256 entries each; nothing is ever evicted */
	uint32_t generation;
	struct sim_descriptor in_progress[SIM_MAX_IN_PROGRESS];
	uint32_t nr_in_progress, is_fenced;
	uint32_t command_to, command_steps_left, is_command_pending;
	uint32_t next_record;
	struct sim_unit_knobs knobs;
	struct sim_unit_stats stats;
};
void sim_unit_init(struct sim_unit *u);
uint32_t sim_unit_read(struct sim_unit *u, uint32_t offset);
void sim_unit_write(struct sim_unit *u, uint32_t offset, uint32_t value);
/* 1: there is something to do for sim_unit_step(). */
int sim_unit_is_busy(const struct sim_unit *u);
void sim_unit_step(struct sim_unit *u);
/* 1: goes on by *out_route. 0: blocked, and recorded. */
int sim_unit_request(struct sim_unit *u, uint16_t requester, uint64_t address, uint32_t data,
		     struct sim_route *out_route);
int sim_unit_is_remapping(const struct sim_unit *u);

/* ---- flight.c: what is under way ---- */

enum sim_flight_kind {
	SIM_POSTED,   /* a write to a device's registers */
	SIM_SENT,     /* a device's write, to the root complex */
	SIM_REMAPPED, /* a unit's message, to local APICs */
	SIM_IPI
};
struct sim_flight {
	enum sim_flight_kind kind;
	uint32_t source;           /* one queue for each kind and source, in order */
	struct sim_device *device; /* of a POSTED, a SENT, and what became of it; NULL: none */
	uint32_t slot;             /* of a device: which of its messages; SIM_NO_SLOT: none */
	enum sim_store store;
	uint64_t address;
	uint32_t data;
	struct sim_route route;
	uint64_t due_point, number;
};
/* Send it on its way: it arrives at once or later, by the machine's timing. */
void sim_flight_start(struct sim *s, const struct sim_flight *flight);
/* A read by a CPU from the device: what was posted to it, then what it sent, has arrived. */
void sim_flights_push(struct sim *s, const struct sim_device *d);
/* A device that has begun to make a message sends it before it answers a read. */
void sim_device_settle(const struct sim_device *d);
/* What a unit has remapped is at the APICs. */
void sim_flights_drain(struct sim *s, const struct sim_unit *u);
void sim_flights_forget(struct sim *s, enum sim_flight_kind kind, const struct sim_device *d);
/* Time passes, without an engine. */
void sim_flights_tick(struct sim *s);
/* Things that could happen next by themselves: the head of a queue, a step of a unit or of a
 * device's command. */
#define SIM_WORK_OBJECTS 3u
struct sim_work {
	uint64_t flight;       /* its number; 0: none */
	struct sim_unit *unit; /* NULL: none */
	struct sim_device *device;
	/* What it will touch, for an engine; NULL: nothing more. */
	const void *objects[SIM_WORK_OBJECTS];
};
uint32_t sim_work_count(struct sim *s);
void sim_work_get(struct sim *s, uint32_t nr, struct sim_work *out_work);
/* Nothing, when it has happened already. */
void sim_work_do(struct sim *s, const struct sim_work *work);

/* ---- watch.c ---- */

/* The event is about what arrives now, if anything does. */
void sim_tell(struct sim *s, enum sim_event_kind kind, uint32_t cpu, uint32_t vector);
/* About a device itself. */
void sim_tell_device(struct sim_device *d, enum sim_event_kind kind, enum sim_store store,
		     uint32_t slot);
/* A unit lets nothing through, for this reason. */
void sim_tell_unheard(struct sim *s, uint32_t reason);

/* ---- machine.c, run.c ---- */

struct sim {
	struct sim_spec spec;
	struct sim_cpu *cpus;
	struct sim_memory memory;
	struct sim_function *functions[SIM_MAX_FUNCTIONS];
	uint32_t nr_functions;
	struct sim_function bridges[SIM_MAX_DEVICES + 4];
	uint32_t nr_bridges;
	struct sim_device devices[SIM_MAX_DEVICES];
	struct sim_unit units[SIM_MAX_UNITS];

	sim_watch *watch;
	void *watch_context;
	const struct sim_flight *arriving; /* NULL: nothing arrives now */

	struct sim_flight flights[SIM_MAX_FLIGHTS];
	uint32_t nr_flights;
	struct sim_timing timing;
	uint64_t random;
	uint64_t now_ns, nr_points, nr_flights_ever;

	uint32_t cpu_now; /* without an engine */
	uint32_t nr_irq_off;
	uint32_t nr_requests; /* bits set in all IRRs */
	sim_interrupt *interrupt;
	void *interrupt_context;
	void (*hook)(void *context, enum engine_point point);
	void *hook_context;
	int is_hooked;

	struct engine *engine;
	uint32_t fiber_cpu[ENGINE_MAX_FIBERS];
	uint32_t bus_fiber;
	int is_bus_asleep;
	int is_started;
	uint32_t nr_threads; /* all CPUs' and devices' */
	struct sim_buffers buffers;
	struct sim_owned *owned; /* without an engine */

	struct sim_stats stats;
	const char *violation;
	int is_verbose;
	void *port; /* of port.c */
	void (*port_fini)(struct sim *s);
};

void sim_violate(struct sim *s, const char *text);
uint32_t sim_random(struct sim *s, uint32_t limit);
/* A fiber of the engine runs; else everything happens in the caller's thread. */
int sim_in_fiber(const struct sim *s);
/* The word that stands for a CPU's interrupt flag in points. */
const void *sim_cpu_flag(const struct sim *s, uint32_t cpu);
/* What unit @u reads for a request, for an engine; NULL: nothing. */
const void *sim_unit_entry_object(struct sim_unit *u, uint64_t address, uint32_t data);
const void *sim_unit_status_object(struct sim_unit *u);
/* There is work for the bus or for an idle CPU: with an engine, somebody has to wake up. */
void sim_wake_bus(struct sim *s);
void sim_wake_cpu(struct sim_cpu *c);

#endif
