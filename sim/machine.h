/* SPDX-License-Identifier: MIT */
/*
 * machine.h - a machine in a process: CPUs with local APICs, memory, a PCI tree, VT-d units,
 * devices that interrupt. It decodes everything from the specifications by itself and knows nothing
 * of mirq; port.h is how mirq runs on it. Many machines live side by side; equal calls give equal
 * runs.
 *
 * Built from one line, or from JSON (docs/machines.md). Two ways to run: without an engine
 * everything happens in the caller's thread, delays are counted in points and come from a seed;
 * with an engine (engine.h) each CPU, each device and the bus is a fiber and each delay is a
 * choice.
 *
 * Not modelled: DMA remapping, posted interrupts, IO-APIC, timers, level triggered messages, the
 * CPUs' store buffers (atomics.h does), extended configuration space.
 * Sources: [SDM3] 11; [PCI] 6; [PCIE] 2.4, 6.1.4; [PCIBR] 2.3; [VTD] 5.1, 6.5, 7, 11.
 * Locking: none. One thread at a time uses a machine.
 */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

struct sim;
struct sim_device;
struct sim_unit;

#define SIM_NO_CPU UINT32_MAX

/* ---- Building ---- */

#define SIM_MAX_DEVICES 64
#define SIM_MAX_UNITS 4
#define SIM_NAME_BYTES 16

/* Where a device is, and so under which requester id its messages arrive. */
enum sim_place {
	SIM_BEHIND_PORT,       /* below a root port of its own: its own id */
	SIM_ON_ROOT,           /* on bus 0, integrated: its own id */
	SIM_BEHIND_PCI_BRIDGE, /* conventional, below a PCIe-to-PCI bridge: {secondary bus, 0.0} */
	SIM_BEHIND_LEGACY_BRIDGE, /* conventional, below a PCI bridge on bus 0: the bridge's id */
	SIM_BEHIND_VMD /* below the machine's VMD-like controller (vmd.c), in its own segment */
};

/* Where a device keeps messages. Those after MSI-X are its own (ims.c). */
enum sim_store {
	SIM_STORE_MSI,
	SIM_STORE_MSIX,
	SIM_STORE_ARRAY,     /* slots in its registers: message, mask, pending bit, PASID */
	SIM_STORE_QUEUE,     /* messages in memory, fetched when a command says so */
	SIM_STORE_REGISTERS, /* sets of event registers under one control register */
	SIM_STORE_FIRMWARE,  /* firmware makes several events of one message */
	SIM_STORE_PEER,      /* of a bridge: the machine at the other end raises it (ntb.c) */
	SIM_NR_STORES
};

struct sim_device_spec {
	char name[SIM_NAME_BYTES];
	uint32_t nr_msix; /* 0: no MSI-X */
	uint32_t nr_msi;  /* 0: no MSI; a power of two, to 32 */
	uint32_t is_msi_unmaskable, is_msi_32;
	uint32_t bar; /* of table and pending bits */
	enum sim_place place;
	uint32_t unit;
	uint32_t has_no_flr;
	/* Slots of its own stores; 0: it has no such store. */
	uint32_t nr_array, nr_queue, nr_registers, nr_firmware;
	uint32_t is_array_unmaskable, is_registers_losing, is_array_idxd, is_queue_mlx5;
	uint32_t is_firmware_told_once, is_firmware_ath11k;
	uint32_t nr_steps;  /* of a command to queue or firmware; 0: done at once */
	uint32_t ntb_bytes; /* the window of an end of a non-transparent bridge; 0: it is none */
	uint32_t is_vmd;    /* its MSI-X messages are lines of what is behind it */
};

struct sim_unit_spec {
	uint32_t has_eim, is_coherent, has_esirtps, has_rwbf, has_no_ir, has_no_qi;
	uint32_t nr_records; /* fault recording registers */
	uint32_t mhmv;       /* largest index mask */
	uint32_t nr_steps;   /* each descriptor takes as many; 0: done at once */
	uint32_t nr_command_steps;
};

/* Longest delay in points, each one 0..n drawn from the seed; with an engine: 0 none, else any. */
struct sim_timing {
	uint32_t posted;   /* a CPU's write on its way to a device */
	uint32_t message;  /* a device's message on its way to the root complex */
	uint32_t remapped; /* from a unit to a local APIC */
	uint32_t ipi;
};

/* Made by sim_spec_parse() or spec_json.h; docs/machines.md says what the members mean. */
struct sim_spec {
	uint32_t nr_cpus, nr_nodes;
	uint32_t first_apic_id, apic_step;
	uint32_t has_x2apic, is_x2apic_entered;
	uint64_t ram_bytes, ram_address;
	uint64_t heap_bytes; /* with an engine, for the software's own memory */
	uint64_t seed, tick_ns;
	struct sim_timing timing;
	struct sim_unit_spec units[SIM_MAX_UNITS];
	uint32_t nr_units;
	struct sim_device_spec devices[SIM_MAX_DEVICES];
	uint32_t nr_devices;
};

/* Why a description was refused. */
struct sim_error {
	size_t position;       /* of the first character of the word, from 0 */
	uint32_t line, column; /* the same for people, from 1, in bytes; 0: it is one line */
	char word[32];         /* as it stands there, cut; in JSON its path, "devices[3].msix" */
	char text[96];
};

/* Read a description in one line; 0, or -1 with *out_error filled. spec_json.h has other forms. */
int sim_spec_parse(const char *text, struct sim_spec *out_spec, struct sim_error *out_error);
/* The shortest such line, cut at the end of @out_text. As snprintf(): how long it is. */
size_t sim_spec_format(const struct sim_spec *spec, char *out_text, size_t size_bytes);
/* The machine of a description, as firmware left it; NULL: out of memory. */
struct sim *sim_new(const struct sim_spec *spec);
/* Both at once; NULL with *out_error filled. */
struct sim *sim_parse(const char *text, struct sim_error *out_error);
void sim_free(struct sim *s);
const struct sim_spec *sim_spec(const struct sim *s);

/* What CPUs did, since the machine was made. Registers: of units, APICs, devices; MSRs too. */
struct sim_stats {
	uint64_t nr_reads, nr_writes;
	uint64_t nr_config_reads, nr_config_writes;
	uint64_t nr_ipis;
};
void sim_stats(const struct sim *s, struct sim_stats *out_stats);

/* ---- Running ---- */

/* The calling thread is this CPU from now on (SIM_NO_CPU: a device). Without an engine. */
void sim_cpu_set(struct sim *s, uint32_t cpu);
/* With an engine the CPU that the running fiber was spawned on. */
uint32_t sim_cpu_current(const struct sim *s);
/* One thing that is under way arrives; 0: nothing is. Without an engine. */
int sim_step_delivery(struct sim *s);
/* Everything under way arrives, every CPU takes what is pending, until nothing moves. */
void sim_run_until_idle(struct sim *s);
uint64_t sim_now_ns(const struct sim *s);
/* Let time pass. */
void sim_pass_ns(struct sim *s, uint64_t ns);
void sim_set_timing(struct sim *s, const struct sim_timing *timing);

/*
 * A machine made inside engine_run.begin belongs to that run. Until fibers run, and again in
 * finish, it works as without an engine: set up in begin, then sim_start(), then spawn; in finish
 * sim_stop(), then sim_run_until_idle() lets what was under way arrive.
 */
void sim_start(struct sim *s);
void sim_stop(struct sim *s);
/* A thread on a CPU: its fiber's number. When all threads of the CPU have ended, it idles: it takes
 * interrupts. */
uint32_t sim_spawn(struct sim *s, uint32_t cpu, const char *name, void (*body)(void *context),
		   void *context);
/* A device or something else that is no CPU. */
uint32_t sim_spawn_device(struct sim *s, const char *name, void (*body)(void *context),
			  void *context);

/* A scheduling point: time passes, others run, this CPU takes interrupts that wait for it. */
void sim_point(struct sim *s, enum engine_point point, const void *object);
/* The same while waiting for somebody else. */
void sim_wait(struct sim *s);
/* Called at each point, before anything else happens there; NULL: nobody. Does not nest. */
void sim_set_hook(struct sim *s, void (*hook)(void *context, enum engine_point point),
		  void *context);
/* The store buffers of CPUs, where somebody models them (atomics.h has these functions). */
struct sim_buffers {
	void (*drain)(struct engine *e);
	void (*observe)(struct engine *e, const void *address, size_t size_bytes);
	void (*retire)(struct engine *e, const void *address, size_t size_bytes);
};
void sim_set_buffers(struct sim *s, const struct sim_buffers *buffers);
/* A line for the story of a run: to the engine, else to stderr where the machine is verbose. */
void sim_note(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_set_verbose(struct sim *s, int is_verbose);

/* What software did that the specifications forbid: the first sentence, or NULL. */
const char *sim_violation(const struct sim *s);
void sim_violation_clear(struct sim *s);

/* ---- What happens, for who checks it ---- */

#define SIM_NO_SLOT UINT32_MAX

enum sim_event_kind {
	SIM_RAISED,   /* a device has something to say: .device, .slot */
	SIM_ACCEPTED, /* a local APIC has it: .cpu, .vector; .device NULL: not from a device */
	SIM_UNHEARD,  /* a device's message that no local APIC got: .reason of a unit, or 0 */
	SIM_ASTRAY,   /* a device's message that is none: it went to .address */
	SIM_TAKEN,    /* a CPU begins to handle .vector */
	SIM_LEFT,     /* and has done so */
	SIM_GONE      /* a device was removed, or reset */
};
struct sim_event {
	enum sim_event_kind kind;
	struct sim_device *device;
	uint32_t slot; /* which of its messages; SIM_NO_SLOT: a bus master's own write */
	enum sim_store store;
	uint32_t cpu, vector, reason;
	uint64_t address;
	uint32_t data;
};
typedef void sim_watch(void *context, const struct sim_event *event);
/* Called in the middle of it: may look, must not change anything. NULL: nobody. */
void sim_set_watch(struct sim *s, sim_watch *watch, void *context);
/* What software has set up in what is there, a line each: slots that may send, present entries. */
void sim_describe(struct sim *s, void (*line)(void *context, const char *text), void *context);

/* ---- CPUs ---- */

/* Who takes an interrupt: called with interrupts off, on that CPU. Ends it by its own EOI. */
typedef void sim_interrupt(void *context, uint32_t cpu, uint32_t vector);
void sim_set_interrupt(struct sim *s, sim_interrupt *interrupt, void *context);
/* Take what is pending, if interrupts are on. How many were taken. */
uint32_t sim_cpu_take(struct sim *s, uint32_t cpu);
/* The interrupt flag of the current CPU: returns what it was. */
int sim_irq_set(struct sim *s, int is_on);
int sim_cpu_is_irq_on(const struct sim *s, uint32_t cpu);
/* Is it inside an interrupt? */
int sim_cpu_is_in_irq(const struct sim *s, uint32_t cpu);
/* The spurious vector arrives, as when the APIC takes a request back. */
void sim_cpu_spurious(struct sim *s, uint32_t cpu);
uint32_t sim_cpu_apic_id(const struct sim *s, uint32_t cpu);
uint32_t sim_cpu_node(const struct sim *s, uint32_t cpu);
int sim_cpu_is_requested(const struct sim *s, uint32_t cpu, uint32_t vector);
int sim_cpu_is_in_service(const struct sim *s, uint32_t cpu, uint32_t vector);

struct sim_cpu_stats {
	uint64_t nr_accepted, nr_merged, nr_taken, nr_eoi, nr_spurious;
	uint64_t nr_eoi_idle; /* EOIs with nothing in service */
	uint64_t nr_refused;  /* the APIC was switched off */
	uint64_t nr_illegal;  /* vectors below 16 */
	uint64_t nr_other;    /* NMI, SMI, INIT, ExtINT: counted, not delivered */
};
void sim_cpu_stats(const struct sim *s, uint32_t cpu, struct sim_cpu_stats *out_stats);

/* Accesses of the current CPU to physical addresses and model-specific registers: points. */
uint64_t sim_read(struct sim *s, uint64_t physical, uint32_t width_bytes);
void sim_write(struct sim *s, uint64_t physical, uint32_t width_bytes, uint64_t value);
uint64_t sim_msr_read(struct sim *s, uint32_t msr);
void sim_msr_write(struct sim *s, uint32_t msr, uint64_t value);
uint32_t sim_config_read(struct sim *s, uint16_t rid, uint32_t offset_bytes, uint32_t width_bytes);
void sim_config_write(struct sim *s, uint16_t rid, uint32_t offset_bytes, uint32_t width_bytes,
		      uint32_t value);
void sim_ipi(struct sim *s, uint32_t cpu, uint32_t vector);

/* ---- Memory ---- */

/* Zeroed memory that devices reach, at a bus address that is not the pointer; NULL: none left. */
void *sim_ram_alloc(struct sim *s, size_t size_bytes, size_t align_bytes, uint32_t address_bits,
		    uint64_t *out_bus);
/* 0, or -1: this was never given out, or with another size. */
int sim_ram_free(struct sim *s, void *memory, size_t size_bytes);
/* Where the CPUs see bus address @bus..; NULL: no memory. */
void *sim_ram(struct sim *s, uint64_t bus, size_t size_bytes);
/* Write the cache lines back; for units that do not snoop it is this or nothing. */
void sim_ram_clean(struct sim *s, const void *memory, size_t size_bytes);
uint64_t sim_ram_used_bytes(const struct sim *s);

/* ---- Devices ---- */

struct sim_device *sim_device(struct sim *s, const char *name);
/* In the order of the description; NULL: no such. */
struct sim_device *sim_device_at(struct sim *s, uint32_t index);
const char *sim_device_name(const struct sim_device *d);
const struct sim_device_spec *sim_device_spec(const struct sim_device *d);
/* Its address; the requester id under which its messages arrive; its registers. */
uint16_t sim_device_rid(const struct sim_device *d);
uint16_t sim_device_requester(const struct sim_device *d);
uint64_t sim_device_registers(const struct sim_device *d);

/*
 * The device has something to say on message @vector of MSI-X, or of MSI: whichever is on. It reads
 * its message words one at a time, with a point between them, and sends; masked: pending.
 */
void sim_device_raise(struct sim_device *d, uint32_t vector);
/* The same on a slot of any of its stores. */
void sim_device_raise_at(struct sim_device *d, enum sim_store store, uint32_t slot);
/* What works behind a slot has this PASID from now on: the device does not send under another. */
void sim_device_lend(struct sim_device *d, enum sim_store store, uint32_t slot, uint64_t pasid);
/* A bus master writes four bytes anywhere. */
void sim_device_write(struct sim_device *d, uint64_t address, uint32_t data);
/* The same in the middle of something: no point. */
void sim_device_say(struct sim_device *d, uint64_t address, uint32_t data);

/* A device that somebody else decodes: offsets SIM_OWN_FIRST to 0xfff of its registers are his. */
#define SIM_OWN_FIRST 0x100u
struct sim_own {
	void (*write)(void *context, uint32_t offset, uint32_t value);
	uint32_t (*read)(void *context, uint32_t offset);
};
void sim_device_set_own(struct sim_device *d, const struct sim_own *own, void *context);
/* Something happens in there: @act runs as the device, points are its own; who reads a register
 * meanwhile waits until it is over. */
void sim_device_act(struct sim_device *d, void (*act)(void *context), void *context);
/* Such a device looks at its words: others may run before. */
void sim_device_point(struct sim_device *d);
/* The controller that it is behind; NULL: behind none. */
struct sim_device *sim_device_vmd(const struct sim_device *d);
/* What points about a device name: itself, or the bridge that it is an end of, or the controller
 * that it is behind. */
const void *sim_device_object(const struct sim_device *d);
/* A message from inside something else that happens in the machine: no point. */
void sim_device_ring(struct sim_device *d, uint32_t vector);

/* What stands between a device and the root complex, a bridge or a hypervisor: asked of each
 * message that arrives, which it may change. In the middle of it: no points. NULL: nothing is
 * there. */
enum sim_passage {
	SIM_PASSES, /* and goes on as it is now */
	SIM_STOPS,  /* it leads nowhere */
	SIM_ENDS    /* it was for who stands there */
};
typedef enum sim_passage sim_between(void *context, const struct sim_device *d, uint64_t *address,
				     uint32_t *data);
void sim_device_set_between(struct sim_device *d, sim_between *between, void *context);
/* Pulled out: everything reads all ones. What was sent is still under way. */
void sim_device_remove(struct sim_device *d);
/* Function-level reset: registers as after power on; the BAR is lost too. */
void sim_device_reset(struct sim_device *d);
/* What firmware or a host does after a reset: BAR, memory space and bus mastering on. */
void sim_device_restore(struct sim_device *d);
/* The next @nr accesses to its configuration space fail: all ones, writes are lost. */
void sim_device_fail_config(struct sim_device *d, uint32_t nr);
int sim_device_is_pending(const struct sim_device *d, uint32_t vector);
/* Its command queue starts anew: what was commanded and not done is lost, slots stay. */
void sim_device_reset_queue(struct sim_device *d);

/* What goes wrong with commands to queue and firmware; may be changed at any time. */
struct sim_command_knobs {
	uint32_t nr_refused; /* the next ones are not done, and it says so */
	uint32_t nr_denied;  /* the next ones are done, and it says that they are not */
	uint32_t is_deaf;    /* none is done any more */
};
struct sim_command_knobs *sim_device_knobs(struct sim_device *d);

/*
 * A non-transparent bridge between two devices that are ends of one, of two machines. Both belong
 * to the same run, or to none.
 */
struct sim_ntb;
struct sim_ntb *sim_ntb_join(struct sim_device *a, struct sim_device *b);
/* While it is down nothing passes but words that both have in common; at first it is up. */
void sim_ntb_set_link(struct sim_ntb *ntb, int is_up);
/* The other side has rung: called in the middle of it. Its MSI-X message is raised as well. */
void sim_ntb_on_ring(struct sim_device *d, void (*rung)(void *context), void *context);
/* For who watches the other machine: at this end there is an event for a slot of the store there;
 * and the next write into the window is for it. */
void sim_ntb_raise(struct sim_device *d, uint32_t slot);
void sim_ntb_speak_for(struct sim_device *d, uint32_t slot);

struct sim_device_stats {
	uint64_t nr_raised, nr_sent;
	uint64_t nr_kept;    /* set a pending bit */
	uint64_t nr_lost;    /* raised while nothing was on, or gone */
	uint64_t nr_torn;    /* words changed while they were read */
	uint64_t nr_arrived; /* messages that came to the root complex */
	uint64_t nr_astray;  /* of them to addresses that are nobody's */
};
void sim_device_stats(const struct sim_device *d, struct sim_device_stats *out_stats);

/* ---- VT-d units ---- */

struct sim_unit *sim_unit(struct sim *s, uint32_t index);
uint64_t sim_unit_address(const struct sim_unit *u);

/* What goes wrong with it; may be changed at any time. */
struct sim_unit_knobs {
	uint32_t is_gone;             /* registers read all ones */
	uint32_t is_queue_dead;       /* descriptors are not fetched */
	uint32_t deaf_commands;       /* bits of the command register that never take effect */
	uint32_t nr_queue_error;      /* the next descriptors are refused (IQE) */
	uint32_t nr_timeout;          /* the next waits end in a time-out (ITE) */
	uint32_t nr_completion_error; /* before the next descriptors: ICE */
};
struct sim_unit_knobs *sim_unit_knobs(struct sim_unit *u);

struct sim_unit_stats {
	uint64_t nr_remapped, nr_passed;           /* passed: compatibility format let through */
	uint64_t nr_blocked, nr_recorded, nr_lost; /* lost: no record was free */
	uint64_t nr_fetched;                       /* entries read from memory */
	uint64_t nr_stale; /* remapped by a cached entry that differed from memory's */
	uint64_t nr_global, nr_indexed, nr_waits, nr_queue_errors, nr_events;
	uint32_t last_reason; /* of the last message blocked; 0: none yet */
};
void sim_unit_stats(const struct sim_unit *u, struct sim_unit_stats *out_stats);

#endif
