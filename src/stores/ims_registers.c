/* SPDX-License-Identifier: MIT */
/*
 * ims_registers.c - register sets that hold one message each, described by a driver
 * (mirq/ims_registers.h). What raises them is the driver's.
 * Sources: the driver's data sheet; for its shape [HPET] 2.3.8, 2.3.9, [VTD] 11.4.10 - 11.4.13.
 * Locking: none; the core holds the store's leaf lock (MIRQ_STORE_SHARED_REGS: sets may share a
 * control register).
 */
#include <mirq/ims_registers.h>

static const struct mirq_ims_registers_set *registers_set(const struct mirq_slot *s)
{
	return &((const struct mirq_ims_registers *)s->data)->sets[s->index];
}

static const struct mirq_regs *registers_regs(const struct mirq_slot *s)
{
	return &((const struct mirq_ims_registers *)s->data)->regs;
}

static uint32_t registers_mask_bits(const struct mirq_ims_registers_set *set)
{
	return set->masked_bits | set->enabled_bits;
}

/* The set's own bits change, the others stay. All ones: nobody has answered. It is read once more,
 * for a mask that was passed over would be missed by nobody; a device that is gone is left alone:
 * flush tells. */
static void registers_control(const struct mirq_slot *s, uint32_t state_bits)
{
	const struct mirq_ims_registers_set *set = registers_set(s);
	uint32_t found = mirq_regs_read32(registers_regs(s), set->control);

	if (found == UINT32_MAX)
		found = mirq_regs_read32(registers_regs(s), set->control);
	if (found != UINT32_MAX)
		mirq_regs_write32(registers_regs(s), set->control,
				  (found & ~registers_mask_bits(set)) | state_bits);
}

static void registers_mask(const struct mirq_slot *s)
{
	registers_control(s, registers_set(s)->masked_bits);
}

static void registers_unmask(const struct mirq_slot *s)
{
	registers_control(s, registers_set(s)->enabled_bits);
}

/* Nothing fires before it is asked for, whoever used the device before. */
static enum mirq_err registers_setup(void *data)
{
	const struct mirq_ims_registers *registers = data;
	struct mirq_slot s = { data, 0, 0, NULL };

	if (registers->ops.mask && !(registers->traits & MIRQ_STORE_RESETS_MASKED))
		for (; s.index < registers->nr_slots; s.index++)
			registers_mask(&s);
	return registers->ops.flush ? registers->ops.flush(data) : MIRQ_OK;
}

static enum mirq_err registers_slot_init(const struct mirq_slot *s)
{
	const struct mirq_ims_registers *registers = s->data;

	return s->index >= registers->nr_slots || s->cookie ? MIRQ_EINVAL : MIRQ_OK;
}

static void registers_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	const struct mirq_ims_registers *registers = s->data;
	const struct mirq_ims_registers_set *set = registers_set(s);
	uint32_t data_first = registers->flags & MIRQ_IMS_REGISTERS_DATA_FIRST;

	if (data_first)
		mirq_regs_write32(&registers->regs, set->data, msg->data);
	mirq_regs_write32(&registers->regs, set->address_lo, (uint32_t)msg->address);
	if (registers->address_bits != 32)
		mirq_regs_write32(&registers->regs, set->address_hi,
				  (uint32_t)(msg->address >> 32));
	if (!data_first)
		mirq_regs_write32(&registers->regs, set->data, msg->data);
}

static enum mirq_err registers_flush(void *data)
{
	const struct mirq_ims_registers *registers = data;
	uint32_t at = registers->flags & MIRQ_IMS_REGISTERS_FLUSH_AT ? registers->flush
								     : registers->sets->control;

	return mirq_regs_read32(&registers->regs, at) == UINT32_MAX ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_pending registers_pending(const struct mirq_slot *s)
{
	const struct mirq_ims_registers_set *set = registers_set(s);
	uint32_t control = UINT32_MAX;

	if (set->pending_bits)
		control = mirq_regs_read32(registers_regs(s), set->control);
	if (control == UINT32_MAX)
		return MIRQ_PENDING_UNKNOWN;
	return control & set->pending_bits ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

static const char *registers_set_defect(const struct mirq_ims_registers *registers,
					const struct mirq_ims_registers_set *set)
{
	uint32_t mask = registers_mask_bits(set), bits = mask | set->pending_bits;
	uint32_t words[4] = { set->address_lo, set->data }, nr = 2;

	if (registers->address_bits != 32)
		words[nr++] = set->address_hi;
	if (bits)
		words[nr++] = set->control;
	for (uint32_t i = 0; i < nr; i++) {
		if (words[i] % 4 || words[i] + UINT64_C(4) > registers->regs.limit_bytes)
			return "a register of a set is not on 4 bytes inside the registers";
		for (uint32_t j = 0; j < i; j++)
			if (words[i] == words[j])
				return "two registers of a set stand in the same place";
	}
	if (mask && set->masked_bits == set->enabled_bits)
		return "masked and not masked are the same bits";
	if (mask & set->pending_bits)
		return "a bit of the control register has two meanings";
	if (!mask != !registers_mask_bits(registers->sets))
		return "sets that can be masked and sets that cannot need a store each";
	return bits == UINT32_MAX ? "all ones in a control register are a device that is gone"
				  : NULL;
}

static const char *registers_defect(const struct mirq_ims_registers *registers, uint32_t *out_set)
{
	const char *text = NULL;

	if (registers->size_bytes != sizeof(*registers))
		return "a description of an unknown size: begin it with MIRQ_SIZED()";
	if (!registers->nr_slots || !registers->sets)
		return "a store of registers has at least one set";
	if (registers->address_bits != 32 && registers->address_bits != 40 &&
	    registers->address_bits != 64)
		return "address_bits must be said: 32, 40 or 64";
	if (registers->update != MIRQ_UPDATE_WORDS && registers->update != MIRQ_UPDATE_96)
		return "update must be said: MIRQ_UPDATE_WORDS or MIRQ_UPDATE_96";
	if (registers->traits & ~(uint32_t)(MIRQ_STORE_MASK_LOSES | MIRQ_STORE_RESETS_MASKED))
		return "registers may say MASK_LOSES and RESETS_MASKED, no other trait";
	if ((registers->flags & MIRQ_IMS_REGISTERS_FLUSH_AT) &&
	    (registers->flush % 4 || registers->flush + UINT64_C(4) > registers->regs.limit_bytes))
		return "what is read back is not on 4 bytes inside the registers";
	for (uint32_t i = 0; i < registers->nr_slots && !text; i++) {
		text = registers_set_defect(registers, &registers->sets[i]);
		*out_set = i;
	}
	return text;
}

static void registers_fill(struct mirq_ims_registers *registers)
{
	const struct mirq_ims_registers_set *set = registers->sets;
	uint32_t is_maskable = !!registers_mask_bits(set), has_pending = 0;

	for (uint32_t i = 0; i < registers->nr_slots; i++)
		has_pending |= set[i].pending_bits;
	registers->ops = (struct mirq_store_ops){
		MIRQ_SIZED(mirq_store_ops),
		.setup = registers_setup,
		.slot_init = registers_slot_init,
		.write = registers_write,
		.mask = is_maskable ? registers_mask : NULL,
		.unmask = is_maskable ? registers_unmask : NULL,
		.pending = has_pending ? registers_pending : NULL,
	};
	if (is_maskable || set->pending_bits || (registers->flags & MIRQ_IMS_REGISTERS_FLUSH_AT))
		registers->ops.flush = registers_flush;
	registers->kind = (struct mirq_store_template){
		MIRQ_SIZED(mirq_store_template),
		.name = registers->name,
		.ops = &registers->ops,
		.masking = is_maskable ? MIRQ_MASKS_SLOT : MIRQ_MASKS_NOTHING,
		.update = registers->update,
		.address_bits = registers->address_bits,
		/* setup leaves every set masked. */
		.traits = registers->traits | MIRQ_STORE_VETTED | MIRQ_STORE_SHARED_REGS |
			  (is_maskable ? MIRQ_STORE_RESETS_MASKED : 0),
	};
}

enum mirq_err mirq_ims_registers_init(struct mirq_ims_registers *registers,
				      const struct mirq_store_template **out_kind,
				      struct mirq_why *why)
{
	uint32_t set = 0;
	const char *text = registers_defect(registers, &set);

	if (text && why)
		*why = (struct mirq_why){ .text = text, .where = registers->name, .value = set };
	if (text)
		return MIRQ_EINVAL;
	registers_fill(registers);
	*out_kind = &registers->kind;
	return MIRQ_OK;
}
