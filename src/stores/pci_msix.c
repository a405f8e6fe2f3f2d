/* SPDX-License-Identifier: MIT */
/*
 * pci_msix.c - the MSI-X table of a PCI function: 1 to 2048 slots of 16 bytes in memory space.
 * Not here: finding the capability, resolving BARs and mapping (src/pci).
 *
 * Register budget for N slots, first bring-up: 3N message writes, N unmask writes, one read.
 * Where nobody promised that the function was reset, besides: one read per slot used (its other
 * control bits are kept) and one mask write per slot not used - plus one for each slot used
 * that was found unmasked, which no function out of reset has. MASKALL holds everything back
 * from enable to unmask_all.
 *
 * The slot's word is what to write to its control register to mask it: the mask bit and the
 * other bits as found. So 0 says that it was not read yet.
 *
 * Sources: [PCI] 6.8.2; [PCIE] 6.1.4, 7.7.2. Locking: none; T operations under the device's mutex,
 * operations on slots under the store's leaf lock, both taken by the core.
 */
#include "pci_msix.h"
#include "pci_msix_regs.h"

static uint32_t msix_read(const struct mirqi_pci_msix *msix, uint32_t offset, uint32_t width_bytes)
{
	return mirq_config_read(&msix->config, msix->capability + offset, width_bytes);
}

static void msix_write_control(const struct mirqi_pci_msix *msix, uint64_t control)
{
	mirq_config_write(&msix->config, msix->capability + MSIX_CONTROL, 2, (uint32_t)control);
}

static struct mirqi_pci_msix_place msix_place(const struct mirqi_pci_msix *msix, uint32_t offset,
					      uint32_t size_bytes)
{
	uint32_t word = msix_read(msix, offset, 4);
	struct mirqi_pci_msix_place place = {
		.bar = (uint32_t)MIRQ_GET(word, MSIX_PLACE_BAR),
		.offset_bytes = word & MSIX_PLACE_OFFSET_MASK,
		.size_bytes = size_bytes,
	};

	return place;
}

static uint64_t msix_place_limit(const struct mirqi_pci_msix_place *place)
{
	return (uint64_t)place->offset_bytes + place->size_bytes;
}

static const char *msix_places_defect(const struct mirqi_pci_msix_place *table,
				      const struct mirqi_pci_msix_place *pba)
{
	if (msix_place_limit(table) > UINT32_MAX || msix_place_limit(pba) > UINT32_MAX)
		return "the MSI-X table or its pending bits end beyond every BAR";
	if (table->bar == pba->bar && table->offset_bytes < msix_place_limit(pba) &&
	    pba->offset_bytes < msix_place_limit(table))
		return "the MSI-X table and its pending bits overlap";
	return NULL;
}

enum mirq_err mirqi_pci_msix_init(struct mirqi_pci_msix *msix, const struct mirq_config *config,
				  uint32_t capability, const char **out_reason)
{
	uint32_t control, nr_words;

	*msix = (struct mirqi_pci_msix){ .config = *config, .capability = capability };
	if (capability + MSIX_CAPABILITY_BYTES > 256) {
		*out_reason = "the MSI-X capability ends beyond the configuration space";
		return MIRQ_EIO;
	}
	control = msix_read(msix, MSIX_CONTROL, 2);
	if (control == 0xffff) {
		*out_reason = "the MSI-X capability reads all ones: the function is gone";
		return MIRQ_EIO;
	}
	msix->nr_slots = (uint32_t)MIRQ_GET(control, MSIX_CONTROL_LAST_SLOT) + 1;
	nr_words = (msix->nr_slots + MSIX_PBA_BITS_PER_WORD - 1) / MSIX_PBA_BITS_PER_WORD;
	msix->table_place = msix_place(msix, MSIX_TABLE, msix->nr_slots * MSIX_ENTRY_BYTES);
	msix->pba_place = msix_place(msix, MSIX_PBA, nr_words * MSIX_PBA_WORD_BYTES);
	*out_reason = msix_places_defect(&msix->table_place, &msix->pba_place);
	return *out_reason ? MIRQ_EIO : MIRQ_OK;
}

enum mirq_err mirqi_pci_msix_quiet(const struct mirq_config *config, uint32_t capability)
{
	uint32_t control = mirq_config_read(config, capability + MSIX_CONTROL, 2);

	if (control == 0xffff)
		return MIRQ_EIO;
	if (MIRQ_GET(control, MSIX_CONTROL_ENABLE))
		mirq_config_write(config, capability + MSIX_CONTROL, 2,
				  (uint32_t)MIRQ_SET(control, MSIX_CONTROL_ENABLE, 0));
	return MIRQ_OK;
}

static enum mirq_err msix_setup(void *data)
{
	struct mirqi_pci_msix *msix = data;
	enum mirq_err err = mirqi_pci_msix_quiet(&msix->config, msix->capability);

	msix->is_quiet = msix->flags & MIRQI_PCI_MSIX_WAS_RESET;
	msix->is_attached = !err;
	return err;
}

static void msix_teardown(void *data)
{
	struct mirqi_pci_msix *msix = data;

	msix->is_attached = 0;
}

/* Memory decode on, for the table; INTx off while messages are on. */
static void msix_command_on(struct mirqi_pci_msix *msix)
{
	uint64_t found = mirq_config_read(&msix->config, MSIX_HEADER_COMMAND, 2);
	uint64_t command = MIRQ_SET(found, MSIX_COMMAND_MEMORY, 1);

	if (!(msix->flags & MIRQI_PCI_MSIX_KEEP_INTX)) {
		msix->intx_was_on = !MIRQ_GET(found, MSIX_COMMAND_INTX_OFF);
		command = MIRQ_SET(command, MSIX_COMMAND_INTX_OFF, 1);
	}
	if (command != found && found != 0xffff)
		mirq_config_write(&msix->config, MSIX_HEADER_COMMAND, 2, (uint32_t)command);
}

static void msix_command_off(const struct mirqi_pci_msix *msix)
{
	uint64_t command;

	if (!msix->intx_was_on)
		return;
	command = mirq_config_read(&msix->config, MSIX_HEADER_COMMAND, 2);
	if (command == 0xffff) /* nobody answers: not what it is to hold should somebody do again */
		return;
	mirq_config_write(&msix->config, MSIX_HEADER_COMMAND, 2,
			  (uint32_t)MIRQ_SET(command, MSIX_COMMAND_INTX_OFF, 0));
}

/*
 * Order: INTx off and the table reachable; then on with everything masked, in one write,
 * because entries that an earlier user left unmasked would fire. Writes to the table come
 * after: some functions ignore them while MSI-X is off. [PCIE] 6.1.4.2, 7.7.2.2.
 */
static enum mirq_err msix_enable(void *data, uint32_t nr_log2)
{
	struct mirqi_pci_msix *msix = data;
	uint64_t control = msix_read(msix, MSIX_CONTROL, 2);

	(void)nr_log2;
	if (control == 0xffff)
		return MIRQ_EIO;
	msix_command_on(msix);
	control = MIRQ_SET(control, MSIX_CONTROL_ENABLE, 1);
	control = MIRQ_SET(control, MSIX_CONTROL_MASK_ALL, 1);
	msix->control = (uint32_t)control;
	msix_write_control(msix, control);
	return MIRQ_OK;
}

static void msix_disable(void *data)
{
	struct mirqi_pci_msix *msix = data;
	uint64_t control = MIRQ_SET(msix->control, MSIX_CONTROL_ENABLE, 0);

	msix->control = (uint32_t)MIRQ_SET(control, MSIX_CONTROL_MASK_ALL, 0);
	msix_write_control(msix, msix->control);
	msix_command_off(msix);
}

/*
 * What masks the slot. Read once where the bits may be set; an entry found unmasked is masked here,
 * before its message changes: the writes arrive in order. [PCIE] 7.7.2.8 (reserved bits are kept).
 */
static uint32_t msix_masked_word(const struct mirq_slot *s)
{
	const struct mirqi_pci_msix *msix = s->data;
	uint32_t control = s->index * MSIX_ENTRY_BYTES + MSIX_ENTRY_CONTROL;
	uint32_t found;

	if (*s->word)
		return *s->word;
	found = (uint32_t)MIRQ_FIELD_MASK(MSIX_ENTRY_CONTROL_MASK);
	if (!(msix->flags & MIRQI_PCI_MSIX_WAS_RESET))
		found = mirq_regs_read32(&msix->table, control);
	if (found == UINT32_MAX) /* gone: flush tells */
		found = (uint32_t)MIRQ_FIELD_MASK(MSIX_ENTRY_CONTROL_MASK);
	*s->word = (uint32_t)MIRQ_SET(found, MSIX_ENTRY_CONTROL_MASK, 1);
	if (*s->word != found)
		mirq_regs_write32(&msix->table, control, *s->word);
	return *s->word;
}

static void msix_write_message(const struct mirq_slot *s, const struct mirq_msg message[])
{
	struct mirqi_pci_msix *msix = s->data;
	uint32_t entry = s->index * MSIX_ENTRY_BYTES;

	msix_masked_word(s);
	if (!msix->is_quiet)
		msix->told[s->index / 64] |= UINT64_C(1) << s->index % 64;
	mirq_regs_write32(&msix->table, entry + MSIX_ENTRY_ADDRESS_LO, (uint32_t)message->address);
	mirq_regs_write32(&msix->table, entry + MSIX_ENTRY_ADDRESS_HI,
			  (uint32_t)(message->address >> 32));
	mirq_regs_write32(&msix->table, entry + MSIX_ENTRY_DATA, message->data);
}

static void msix_mask(const struct mirq_slot *s)
{
	const struct mirqi_pci_msix *msix = s->data;

	mirq_regs_write32(&msix->table, s->index * MSIX_ENTRY_BYTES + MSIX_ENTRY_CONTROL,
			  msix_masked_word(s));
}

static void msix_unmask(const struct mirq_slot *s)
{
	const struct mirqi_pci_msix *msix = s->data;

	mirq_regs_write32(&msix->table, s->index * MSIX_ENTRY_BYTES + MSIX_ENTRY_CONTROL,
			  (uint32_t)MIRQ_SET(msix_masked_word(s), MSIX_ENTRY_CONTROL_MASK, 0));
}

/* Once, while MASKALL holds: what an earlier user left in other entries must not fire. */
static void msix_mask_untold(struct mirqi_pci_msix *msix)
{
	uint32_t mask = (uint32_t)MIRQ_FIELD_MASK(MSIX_ENTRY_CONTROL_MASK);

	for (uint32_t i = 0; i < msix->nr_slots; i++)
		if (!(msix->told[i / 64] >> i % 64 & 1))
			mirq_regs_write32(&msix->table, i * MSIX_ENTRY_BYTES + MSIX_ENTRY_CONTROL,
					  mask);
	msix->is_quiet = 1;
}

static void msix_mask_all(void *data)
{
	struct mirqi_pci_msix *msix = data;

	msix->control = (uint32_t)MIRQ_SET(msix->control, MSIX_CONTROL_MASK_ALL, 1);
	msix_write_control(msix, msix->control);
}

/* A configuration write does not overtake posted writes to the table before it. [PCIE] 2.4.1. */
static void msix_unmask_all(void *data)
{
	struct mirqi_pci_msix *msix = data;

	if (!msix->is_quiet)
		msix_mask_untold(msix);
	msix->control = (uint32_t)MIRQ_SET(msix->control, MSIX_CONTROL_MASK_ALL, 0);
	msix_write_control(msix, msix->control);
}

/*
 * One read from the table: it completes after the writes to it, and after the messages that the
 * function sent before. All ones: bits 15:1 are reserved, so no entry says that; the function
 * is gone or its memory decode is off.
 */
static enum mirq_err msix_flush(void *data)
{
	const struct mirqi_pci_msix *msix = data;
	uint32_t control = mirq_regs_read32(&msix->table, MSIX_ENTRY_CONTROL);

	return control == UINT32_MAX ? MIRQ_EIO : MIRQ_OK;
}

/* All ones: either 32 slots are pending, or nobody has answered; then it is read once more, for
 * nobody may believe that this slot will send. */
static enum mirq_pending msix_pending(const struct mirq_slot *s)
{
	const struct mirqi_pci_msix *msix = s->data;
	uint32_t offset_bytes = s->index / MSIX_PBA_BITS_PER_HALF * MSIX_PBA_HALF_BYTES;
	uint32_t half = mirq_regs_read32(&msix->pba, offset_bytes);

	if (half == UINT32_MAX) {
		if (msix_flush(s->data))
			return MIRQ_PENDING_UNKNOWN;
		half = mirq_regs_read32(&msix->pba, offset_bytes);
	}
	return half >> s->index % MSIX_PBA_BITS_PER_HALF & 1 ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

static const struct mirq_store_ops msix_ops = {
	.size_bytes = sizeof(struct mirq_store_ops),
	.setup = msix_setup,
	.teardown = msix_teardown,
	.enable = msix_enable,
	.disable = msix_disable,
	.write = msix_write_message,
	.mask = msix_mask,
	.unmask = msix_unmask,
	.mask_all = msix_mask_all,
	.unmask_all = msix_unmask_all,
	.flush = msix_flush,
	.pending = msix_pending,
};

const struct mirq_store_template mirqi_pci_msix_template = {
	MIRQ_SIZED(mirq_store_template),
	.name = "PCI-MSIX",
	.ops = &msix_ops,
	.masking = MIRQ_MASKS_SLOT,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
	.traits = MIRQ_STORE_OF_BUS | MIRQ_STORE_VETTED | MIRQ_STORE_NEEDS_ENABLE |
		  MIRQ_STORE_RESETS_MASKED,
};
