/* SPDX-License-Identifier: MIT */
/*
 * legacy.h - a root on a flat, non-hierarchical backend: a kernel, or a controller, that answers a
 * request for messages with ids and messages at once and places them itself.
 *
 * It carries what a bus defines: MSI, MSI-X, and the backend's wires as direct stores
 * (MIRQ_STORE_DIRECT). Device-specific stores are refused (docs/rules.md 5): nobody stands between
 * that could check them. Ids are the system's: mirq_dispatch() may be called with one on any CPU.
 *
 * Affinity is the backend's: an allocation and mirq_affinity_set() are refused (MIRQ_ENOTSUP) but
 * for every CPU, MIRQ_PLACE_SPREAD spreads nothing, mirq_affinity_effective() asks .where. When a
 * CPU leaves, mirq has nothing to move: the backend takes its ids off that CPU before the host
 * calls mirq_cpu_offline_finish() there. At least one CPU stays online.
 *
 * Devices must hang below what mirq_legacy_attach() gives: bus code finds it by a link for each
 * segment, mirq_link_add(m, &(struct mirq_link){ { 0, 0x10000 }, segment, domain }).
 */
#ifndef MIRQ_LEGACY_H
#define MIRQ_LEGACY_H

#include <mirq/root.h>

/* One request for messages. Borrowed for the call. */
struct mirq_legacy_request {
	const char *device;                /* its name */
	const struct mirq_requesters *who; /* who will send; .nr_ids 0: no bus says */
	uint32_t nr;
	uint32_t is_block; /* 1: the messages are one but for the member's number in data (MSI) */
	enum mirq_trigger trigger;
};

/*
 * Context beside each: T thread, under the device's mutex, may sleep, calls nothing of mirq;
 * A atomic; D dispatch.
 */
struct mirq_legacy_ops {
	uint32_t size_bytes;
	/* T  Ids of the system inside mirq_legacy_init.ids, each nobody's until teardown, and the
	 *    message of each; all or nothing. Of a block msgs[0].data is a multiple of .nr and the
	 *    others are not looked at. MIRQ_ENOSPC: none left. Required. */
	enum mirq_err (*setup)(void *data, const struct mirq_legacy_request *request,
			       uint32_t ids[], struct mirq_msg msgs[]);
	/* T  When it returns no mirq_dispatch() with one of them begins any more; setup may give
	 *    them again then: who is given one waits until those begun are over. Required. */
	void (*teardown)(void *data, const uint32_t ids[], uint32_t nr);
	/* D  End of interrupt on this CPU. NULL: taking it ended it. */
	void (*eoi)(void *data, uint32_t cpu, uint32_t id);
	/* A  The backend's wires; mask returns when no mirq_dispatch() with the id begins any more,
	 *    and is called for ids of messages too, the last time after teardown. Both or neither;
	 *    NULL: no wires. */
	void (*mask)(void *data, uint32_t id);
	void (*unmask)(void *data, uint32_t id);
	/* T  Edge or level of a wire. NULL: edge only. */
	enum mirq_err (*set_trigger)(void *data, uint32_t id, enum mirq_trigger trigger);
	/* A  The CPU that the id goes to now; UINT32_MAX: not known. NULL: never known. */
	uint32_t (*where)(void *data, uint32_t id);
};

struct mirq_legacy_init {
	uint32_t size_bytes;
	const char *name; /* for people; retained */
	const struct mirq_legacy_ops *ops;
	void *data;
	struct mirq_range ids;   /* that setup and wires use; 2048 at most */
	uint32_t max_block_log2; /* largest block that setup can give, 0..5 */
	uint32_t traits;         /* MIRQ_ROOT_ENDS_EDGE_FIRST, or 0 */
	struct mirq_why *why;
	enum mirq_guest guest;  /* as in mirq_root_init */
	const char *hypervisor; /* as in mirq_root_init */
};

MIRQ_BEGIN_DECLS

/**
 * mirq_legacy_attach() - Give the system a root on a flat backend.
 * @m:          [in] system without a root.
 * @init:       [in] borrowed.
 * @out_domain: [out] what the messages of devices go through: their parent, and that of links. A
 *              device of wires hangs below the root itself: parent NULL.
 * Context: init.
 * Errors:  MIRQ_EEXIST (it has a root), MIRQ_EINVAL (setup or teardown missing, no ids or too many,
 *          a block that no bus has; .why), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_legacy_attach(struct mirq *m,
						 const struct mirq_legacy_init *init,
						 struct mirq_domain **out_domain);

MIRQ_END_DECLS

#endif
