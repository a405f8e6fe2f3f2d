/* SPDX-License-Identifier: MIT */
/*
 * port_ntb.h - the two drivers of a non-transparent bridge (ntb.c): of the machine that receives
 * interrupts, which describes its end to mirq/ntb.h, and of the peer, which raises them as
 * mirq/ntb_peer.h says, keeps events while it may not, and answers when it is told.
 */
#ifndef SIM_PORT_NTB_H
#define SIM_PORT_NTB_H

#include "port.h"

#define SIM_PEER_SLOTS 63u /* as many as there is room for in the words of the bridge */

/* sim_store_attach() of SIM_STORE_PEER: at most @nr_slots; what init needs. */
struct mirq_store_init;
enum mirq_err port_ntb_kind(struct sim *s, struct sim_device *d, struct mirq_store_init *init);

/* The peer's driver, of the machine of @end. Gone with it. NULL: out of memory. */
struct sim_peer;
struct sim_peer *sim_peer_new(struct sim_device *end);
/* It has an event for @slot of the other machine. */
void sim_peer_raise(struct sim_peer *p, uint32_t slot);
/* It was told: by default whenever the bell rings, in the middle of that. */
void sim_peer_told(struct sim_peer *p);
/* It does not answer from now on. */
void sim_peer_set_absent(struct sim_peer *p, int is_absent);

struct sim_peer_stats {
	uint64_t nr_raised, nr_written, nr_kept, nr_unheard, nr_answers;
};
void sim_peer_stats(const struct sim_peer *p, struct sim_peer_stats *out_stats);

#endif
