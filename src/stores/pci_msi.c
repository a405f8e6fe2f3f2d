/* SPDX-License-Identifier: MIT */
/*
 * pci_msi.c - the MSI capability of a PCI function: one message in configuration space, shared
 * by 1 to 32 slots; slot i sends data | i. Eight kinds by what the function says of itself:
 * address of 32 or 64 bits, a mask bit per slot or none, one slot or several. Not here: finding
 * the capability (src/pci).
 * Sources: [PCI] 6.8.1; [PCIE] 6.1.4, 7.7.1. Locking: none; the core holds the store's leaf
 * lock around operations on slots (MIRQ_STORE_SHARED_REGS: the slots share message, mask and
 * control).
 */
#include "pci_msi.h"
#include "pci_msi_regs.h"

static int msi_is_64(const struct mirqi_pci_msi *msi)
{
	return (int)MIRQ_GET(msi->control, MSI_CONTROL_64BIT);
}

static int msi_is_maskable(const struct mirqi_pci_msi *msi)
{
	return (int)MIRQ_GET(msi->control, MSI_CONTROL_PER_VECTOR_MASK);
}

static uint32_t msi_read(const struct mirqi_pci_msi *msi, uint32_t offset, uint32_t width_bytes)
{
	return mirq_config_read(&msi->config, msi->capability + offset, width_bytes);
}

static void msi_write(const struct mirqi_pci_msi *msi, uint32_t offset, uint32_t width_bytes,
		      uint32_t value)
{
	mirq_config_write(&msi->config, msi->capability + offset, width_bytes, value);
}

enum mirq_err mirqi_pci_msi_init(struct mirqi_pci_msi *msi, const struct mirq_config *config,
				 uint32_t capability, const char **out_reason)
{
	*msi = (struct mirqi_pci_msi){ .config = *config, .capability = capability };
	msi->control = msi_read(msi, MSI_CONTROL, 2);
	*out_reason = NULL;
	if (msi->control == 0xffff)
		*out_reason = "the MSI capability reads all ones: the function is gone";
	else if (MIRQ_GET(msi->control, MSI_CONTROL_NR_CAPABLE_LOG2) > MSI_MAX_NR_LOG2)
		*out_reason = "the MSI capability offers a reserved number of messages";
	else if (capability + MSI_BYTES(msi_is_64(msi), msi_is_maskable(msi)) > 256)
		*out_reason = "the MSI capability ends beyond the configuration space";
	return *out_reason ? MIRQ_EIO : MIRQ_OK;
}

uint32_t mirqi_pci_msi_nr_slots(const struct mirqi_pci_msi *msi)
{
	return UINT32_C(1) << MIRQ_GET(msi->control, MSI_CONTROL_NR_CAPABLE_LOG2);
}

/* Mask bits of all slots; those above are reserved and keep their value. */
static uint32_t msi_all_slots(const struct mirqi_pci_msi *msi)
{
	return (uint32_t)((UINT64_C(1) << mirqi_pci_msi_nr_slots(msi)) - 1);
}

enum mirq_err mirqi_pci_msi_quiet(const struct mirq_config *config, uint32_t capability)
{
	uint32_t control = mirq_config_read(config, capability + MSI_CONTROL, 2);

	if (control == 0xffff)
		return MIRQ_EIO;
	if (MIRQ_GET(control, MSI_CONTROL_ENABLE))
		mirq_config_write(config, capability + MSI_CONTROL, 2,
				  (uint32_t)MIRQ_SET(control, MSI_CONTROL_ENABLE, 0));
	return MIRQ_OK;
}

static enum mirq_err msi_setup(void *data)
{
	struct mirqi_pci_msi *msi = data;
	enum mirq_err err = mirqi_pci_msi_quiet(&msi->config, msi->capability);

	msi->is_attached = !err;
	return err;
}

static void msi_teardown(void *data)
{
	struct mirqi_pci_msi *msi = data;

	msi->is_attached = 0;
}

/* INTx off while messages are on, and back as it was. All ones are nobody's answer, and not what
 * the register is to hold should somebody answer again. */
static void msi_intx(struct mirqi_pci_msi *msi, int messages_on)
{
	uint32_t command;

	if (msi->flags & MIRQI_PCI_MSI_KEEP_INTX)
		return;
	command = mirq_config_read(&msi->config, MSI_HEADER_COMMAND, 2);
	if (messages_on)
		msi->intx_was_on = !MIRQ_GET(command, MSI_COMMAND_INTX_OFF);
	if (command == 0xffff || !(messages_on || msi->intx_was_on))
		return;
	command = (uint32_t)MIRQ_SET(command, MSI_COMMAND_INTX_OFF, messages_on);
	mirq_config_write(&msi->config, MSI_HEADER_COMMAND, 2, command);
}

/*
 * Order: masks, then how many messages, INTx off, then on. The message is there already: a function
 * that is enabled first may send to address 0. [PCIE] 6.1.4.1 - 6.1.4.3.
 */
static enum mirq_err msi_enable(void *data, uint32_t nr_log2)
{
	struct mirqi_pci_msi *msi = data;
	uint32_t control = msi_read(msi, MSI_CONTROL, 2);

	if (control == 0xffff)
		return MIRQ_EIO;
	if (msi_is_maskable(msi)) {
		uint32_t mask = MSI_MASK(msi_is_64(msi));

		msi->masked = msi_read(msi, mask, 4) | msi_all_slots(msi);
		msi_write(msi, mask, 4, msi->masked);
	}
	control = (uint32_t)MIRQ_SET(control, MSI_CONTROL_NR_ENABLED_LOG2, nr_log2);
	msi_write(msi, MSI_CONTROL, 2, control);
	msi_intx(msi, 1);
	msi_write(msi, MSI_CONTROL, 2, (uint32_t)MIRQ_SET(control, MSI_CONTROL_ENABLE, 1));
	return MIRQ_OK;
}

static void msi_disable(void *data)
{
	struct mirqi_pci_msi *msi = data;
	uint32_t control = msi_read(msi, MSI_CONTROL, 2);

	control = control == 0xffff ? msi->control : control;
	control = (uint32_t)MIRQ_SET(control, MSI_CONTROL_ENABLE, 0);
	control = (uint32_t)MIRQ_SET(control, MSI_CONTROL_NR_ENABLED_LOG2, 0);
	msi_write(msi, MSI_CONTROL, 2, control);
	msi_intx(msi, 0);
}

static void msi_write_message(const struct mirq_slot *s, const struct mirq_msg message[])
{
	const struct mirqi_pci_msi *msi = s->data;
	int is_64 = msi_is_64(msi);

	msi_write(msi, MSI_ADDRESS_LO, 4, (uint32_t)message->address);
	if (is_64)
		msi_write(msi, MSI_ADDRESS_HI, 4, (uint32_t)(message->address >> 32));
	msi_write(msi, MSI_DATA(is_64), 2, message->data & 0xffff);
}

static void msi_mask(const struct mirq_slot *s)
{
	struct mirqi_pci_msi *msi = s->data;

	msi->masked |= UINT32_C(1) << s->index;
	msi_write(msi, MSI_MASK(msi_is_64(msi)), 4, msi->masked);
}

static void msi_unmask(const struct mirq_slot *s)
{
	struct mirqi_pci_msi *msi = s->data;

	msi->masked &= ~(UINT32_C(1) << s->index);
	msi_write(msi, MSI_MASK(msi_is_64(msi)), 4, msi->masked);
}

/* A read of configuration space completes after the messages that the function sent before it. */
static enum mirq_err msi_flush(void *data)
{
	const struct mirqi_pci_msi *msi = data;
	uint32_t vendor = mirq_config_read(&msi->config, MSI_HEADER_VENDOR, 2);

	return vendor == MSI_VENDOR_NONE ? MIRQ_EIO : MIRQ_OK;
}

/* All ones: either 32 slots are pending, or nobody has answered; then it is read once more, for
 * nobody may believe that this slot will send. */
static enum mirq_pending msi_pending(const struct mirq_slot *s)
{
	const struct mirqi_pci_msi *msi = s->data;
	uint32_t pending = msi_read(msi, MSI_PENDING(msi_is_64(msi)), 4);

	if (pending == UINT32_MAX) {
		if (msi_flush(s->data))
			return MIRQ_PENDING_UNKNOWN;
		pending = msi_read(msi, MSI_PENDING(msi_is_64(msi)), 4);
	}
	return pending >> s->index & 1 ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

static const struct mirq_store_ops msi_maskable_ops = {
	.size_bytes = sizeof(struct mirq_store_ops),
	.setup = msi_setup,
	.teardown = msi_teardown,
	.enable = msi_enable,
	.disable = msi_disable,
	.write = msi_write_message,
	.mask = msi_mask,
	.unmask = msi_unmask,
	.flush = msi_flush,
	.pending = msi_pending,
};

/* No rung here: an event while the interrupt is disabled is kept by software. */
static const struct mirq_store_ops msi_plain_ops = {
	.size_bytes = sizeof(struct mirq_store_ops),
	.setup = msi_setup,
	.teardown = msi_teardown,
	.enable = msi_enable,
	.disable = msi_disable,
	.write = msi_write_message,
	.flush = msi_flush,
};

#define MSI_ONE (MIRQ_STORE_OF_BUS | MIRQ_STORE_VETTED | MIRQ_STORE_SHARED_REGS)
#define MSI_MANY (MSI_ONE | MIRQ_STORE_ONE_MESSAGE)
#define MSI_PLAIN(bits, kind_traits)                                                               \
	{                                                                                          \
		MIRQ_SIZED(mirq_store_template),                                                   \
			.name = "PCI-MSI", .ops = &msi_plain_ops, .masking = MIRQ_MASKS_NOTHING,   \
			.update = MIRQ_UPDATE_WORDS, .address_bits = (bits),                       \
			.traits = (kind_traits),                                                   \
	}
/* enable() masks every slot before the first message can leave. */
#define MSI_MASKABLE(bits, kind_traits)                                                            \
	{                                                                                          \
		MIRQ_SIZED(mirq_store_template),                                                   \
			.name = "PCI-MSI", .ops = &msi_maskable_ops, .masking = MIRQ_MASKS_SLOT,   \
			.update = MIRQ_UPDATE_WORDS, .address_bits = (bits),                       \
			.traits = (kind_traits) | MIRQ_STORE_RESETS_MASKED,                        \
	}

/* [several slots][maskable][64-bit address] */
static const struct mirq_store_template msi_templates[2][2][2] = {
	{ { MSI_PLAIN(32, MSI_ONE), MSI_PLAIN(64, MSI_ONE) },
	  { MSI_MASKABLE(32, MSI_ONE), MSI_MASKABLE(64, MSI_ONE) } },
	{ { MSI_PLAIN(32, MSI_MANY), MSI_PLAIN(64, MSI_MANY) },
	  { MSI_MASKABLE(32, MSI_MANY), MSI_MASKABLE(64, MSI_MANY) } },
};

const struct mirq_store_template *mirqi_pci_msi_template(const struct mirqi_pci_msi *msi)
{
	int is_many = mirqi_pci_msi_nr_slots(msi) > 1;

	return &msi_templates[is_many][msi_is_maskable(msi)][msi_is_64(msi)];
}
