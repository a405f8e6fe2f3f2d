/* SPDX-License-Identifier: MIT */
/*
 * ath11k.c - the message of a Qualcomm Wi-Fi device (mirq/ath11k.h): firmware that makes events of
 * one message (mirq/ims_firmware.h), told user by user. How a user is told is the driver's.
 *
 * Public ([ATH11K]): the shares below, that a source takes event source % share, that rings have 40
 * bits for the address, and that drivers tell them once. There the base message is that of the PCI
 * MSI capability; that a device takes another one is the driver's word.
 *
 * Sources: [ATH11K]. Locking: the core's, as ims_firmware.c.
 */
#include <mirq/ath11k.h>

struct ath11k_share {
	uint8_t first, nr;
};

/* In the order of enum mirq_ath11k_user: MHI, CE, WAKE, DP. */
static const struct ath11k_plan {
	uint32_t nr_events, nr_log2;
	struct ath11k_share shares[MIRQ_ATH11K_NR_USERS];
} ath11k_plans[] = {
	{ 32, 5, { { 0, 3 }, { 3, 10 }, { 13, 1 }, { 14, 18 } } },
	{ 28, 5, { { 0, 0 }, { 0, 10 }, { 0, 0 }, { 10, 18 } } },
	{ 16, 4, { { 0, 3 }, { 3, 5 }, { 0, 0 }, { 8, 8 } } },
	{ 1, 0, { { 0, 1 }, { 0, 1 }, { 0, 1 }, { 0, 1 } } },
};

static const struct ath11k_plan *ath11k_plan(const struct mirq_ath11k *ath11k)
{
	for (uint32_t i = 0; i < sizeof(ath11k_plans) / sizeof(ath11k_plans[0]); i++)
		if (ath11k_plans[i].nr_events == ath11k->nr_events)
			return &ath11k_plans[i];
	return NULL;
}

/* A user that cannot be told ends it. Those before it have the new message, the others may have the
 * old one: until all are told again both are this block's. */
static enum mirq_err ath11k_tell(void *context, const struct mirq_msg *message, uint32_t nr_log2)
{
	const struct mirq_ath11k *ath11k = context;
	const struct ath11k_share *shares = ath11k_plan(ath11k)->shares;
	enum mirq_err err = MIRQ_OK;

	(void)nr_log2; /* .min_log2 at least */
	for (uint32_t user = 0; user < MIRQ_ATH11K_NR_USERS && !err; user++)
		if (shares[user].nr)
			err = ath11k->tell(ath11k->context, (enum mirq_ath11k_user)user,
					   message->address, message->data + shares[user].first,
					   shares[user].nr);
	return err;
}

static enum mirq_err ath11k_stop(void *context)
{
	const struct mirq_ath11k *ath11k = context;

	return ath11k->stop(ath11k->context);
}

static enum mirq_err ath11k_drain(void *context)
{
	const struct mirq_ath11k *ath11k = context;

	return ath11k->drain(ath11k->context);
}

uint32_t mirq_ath11k_slot(const struct mirq_ath11k *ath11k, enum mirq_ath11k_user user,
			  uint32_t source)
{
	const struct ath11k_share *share = &ath11k_plan(ath11k)->shares[user];

	return share->nr ? share->first + source % share->nr : UINT32_MAX;
}

static const char *ath11k_defect(const struct mirq_ath11k *ath11k)
{
	if (ath11k->size_bytes != sizeof(*ath11k))
		return "a description of an unknown size: begin it with MIRQ_SIZED()";
	if (!ath11k_plan(ath11k))
		return ".nr_events is 32, 28, 16 or 1";
	if (!ath11k->tell)
		return "a device needs .tell: how else is it told its message?";
	return NULL;
}

enum mirq_err mirq_ath11k_init(struct mirq_ath11k *ath11k,
			       const struct mirq_store_template **out_kind, struct mirq_why *why)
{
	const char *text = ath11k_defect(ath11k);

	if (text && why)
		*why = (struct mirq_why){ .text = text, .where = "ATH11K" };
	if (text)
		return MIRQ_EINVAL;
	ath11k->nr_slots = 1u << ath11k_plan(ath11k)->nr_log2;
	ath11k->firmware = (struct mirq_ims_firmware){
		MIRQ_SIZED(mirq_ims_firmware),
		.name = "ATH11K",
		.tell = ath11k_tell,
		.stop = ath11k->stop ? ath11k_stop : NULL,
		.drain = ath11k->drain ? ath11k_drain : NULL,
		.context = ath11k,
		.address_bits = 40,
		.traits = ath11k->flags & MIRQ_ATH11K_TOLD_AGAIN ? 0 : MIRQ_STORE_PINNED,
		.min_log2 = ath11k_plan(ath11k)->nr_log2,
	};
	return mirq_ims_firmware_init(&ath11k->firmware, out_kind, why);
}
