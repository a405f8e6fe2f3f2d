/* SPDX-License-Identifier: MIT */
/*
 * store.h - all that a store may know: its data, its slot, its message. The source of a store
 * includes this, io.h and its own register header, nothing else of mirq (docs/rules.md, rule 2).
 *
 * A store places a cookie, writes a message, masks, reads a pending bit, re-arms a level slot,
 * flushes. It never picks a CPU, sees a parent, allocates an id or takes a lock: the core does, and
 * asks by these operations. Context of each op is named beside it: T thread, A atomic, D dispatch.
 */
#ifndef MIRQ_STORE_H
#define MIRQ_STORE_H

#include <mirq/types.h>

/* A place in a store. Borrowed for the call. */
struct mirq_slot {
	void *data;      /* mirq_store_init.data */
	uint64_t cookie; /* the driver's: a PASID, a queue number; fixed from alloc to free */
	uint32_t index;
	uint32_t *word; /* the store's own word for this slot (a shadow); 0 when the slot is new */
};

struct mirq_store_ops {
	uint32_t size_bytes;
	/* T  Find, map and quiet the hardware, before the first slot. NULL: nothing to do. */
	enum mirq_err (*setup)(void *data);
	/* T  Undo setup. NULL: nothing to do. */
	void (*teardown)(void *data);
	/* T  Switch the store on: 2^nr_log2 slots share one message (0 unless ONE_MESSAGE).
	 *    Slots stay silent until unmask_all where there is one. NULL: always on; disable
	 *    then too. */
	enum mirq_err (*enable)(void *data, uint32_t nr_log2);
	/* T  Switch the store off: nothing is sent any more. Both or neither. */
	void (*disable)(void *data);
	/* T  Check and place the cookie, before any message. NULL: a cookie other than 0 is
	 *    refused. */
	enum mirq_err (*slot_init)(const struct mirq_slot *s);
	/* T  Undo slot_init. NULL: nothing to do. */
	void (*slot_fini)(const struct mirq_slot *s);
	/* A  Put the message into the slot; [1] is the deassert message where two_messages. The
	 *    slot is masked, or one word of the message changes (flush follows before another
	 *    does), or the store can change it at once. Required; direct wires have none. */
	void (*write)(const struct mirq_slot *s, const struct mirq_msg msg[]);
	/* A  Posted writes, no read. Both or neither; .masking says what they reach. */
	void (*mask)(const struct mirq_slot *s);
	void (*unmask)(const struct mirq_slot *s);
	/* A  The whole store. Both or neither. unmask_all once the first slots are told, mask_all
	 *    before the last ones are masked; MASKS_STORE: also around each write between. NULL:
	 *    nothing beyond the slots. */
	void (*mask_all)(void *data);
	void (*unmask_all)(void *data);
	/* A  One read: earlier writes have arrived, earlier messages are pushed out; MIRQ_EIO on
	 *    all ones. NULL: no drain is known, freed ids stay in quarantine, and slots that
	 *    can be neither masked nor changed at once are pinned. */
	enum mirq_err (*flush)(void *data);
	/* A  Has the slot kept an event while masked? NULL: cannot be read. */
	enum mirq_pending (*pending)(const struct mirq_slot *s);
	/* T  Edge or level, polarity. NULL: edge only. */
	enum mirq_err (*set_trigger)(const struct mirq_slot *s, enum mirq_trigger trigger);
	/* D  Re-arm a level slot, after the handlers and after the root's end. NULL: nothing. */
	void (*eoi)(const struct mirq_slot *s);
	/* A  Not 0: the message may not change now (Remote-IRR), until eoi. What is masked does not
	 *    become busy. NULL: never. */
	int (*busy)(const struct mirq_slot *s);
	/* A  Raise the slot as the device would. NULL: the next rung of the resend ladder. */
	enum mirq_err (*inject)(const struct mirq_slot *s);
	/* T  A window for stores that sleep: ops between only note, commit reaches the device
	 *    and may fail; what failed is tried again by a later commit. flush comes after it.
	 *    Both or neither; NULL: every op reaches the device by itself. */
	enum mirq_err (*begin)(void *data);
	/*    MIRQ_ENOSPC: what was noted does not fit, and the device was told nothing of it: a
	 *    move is taken back, by a window of its own. */
	enum mirq_err (*commit)(void *data);
	/* T  Say why setup, enable or commit has just failed: .text, and numbers that it names; the
	 *    rest is filled in. NULL, or left as it is: the core's sentence. */
	void (*why)(void *data, struct mirq_why *why);
};

/* What mask reaches. No default: the author must know. */
enum mirq_masking {
	MIRQ_MASKS_UNSAID,
	MIRQ_MASKS_NOTHING, /* neither mask nor mask_all */
	MIRQ_MASKS_SLOT,    /* mask; mask_all too, if there is one */
	MIRQ_MASKS_STORE    /* mask_all only: all slots fall silent while one is told its message */
};

/* The most of a message that changes at once, as the device sees it. No default. */
enum mirq_update {
	MIRQ_UPDATE_UNSAID,
	/* address low, address high and data each by themselves: it can be torn */
	MIRQ_UPDATE_WORDS,
	MIRQ_UPDATE_64,     /* address whole, data by itself */
	MIRQ_UPDATE_96,     /* all at once */
	MIRQ_UPDATE_NOTHING /* not even a word: told only while it cannot send */
};

enum mirq_store_trait {
	MIRQ_STORE_MASK_LOSES = 1,    /* events while masked are lost: masked only to free */
	MIRQ_STORE_RESETS_MASKED = 2, /* slots come up masked from setup, nothing to write for it */
	MIRQ_STORE_NEEDS_ENABLE = 4,  /* writes are ignored while disabled: enable comes first */
	MIRQ_STORE_ONE_MESSAGE = 8,   /* 2^k slots share one message, slot i sends data | i */
	MIRQ_STORE_SHARED_REGS =
		16, /* slots share a register: the core takes the store's leaf lock */
	MIRQ_STORE_TWO_MESSAGES = 32, /* assert and deassert: the parent must carry both */
	MIRQ_STORE_PINNED = 64,       /* can be told its message once only */
	MIRQ_STORE_OF_BUS =
		128, /* the bus's specification defines it; else device-specific (IMS) */
	MIRQ_STORE_DIRECT = 512, /* slots are wires: slot i is the root's id base + i, no message */
	MIRQ_STORE_VETTED = 256  /* for src/stores only (docs/rules.md 8); without it: external */
};

/* What a driver or a bus registers to get a store of its kind; the core makes a domain of it. */
struct mirq_store_template {
	uint32_t size_bytes;
	const char *name;
	const struct mirq_store_ops *ops;
	enum mirq_masking masking; /* no default */
	enum mirq_update update;   /* no default */
	uint32_t address_bits;     /* 32, 40 or 64; no default */
	uint32_t traits;           /* enum mirq_store_trait, or-ed */
};

#endif
