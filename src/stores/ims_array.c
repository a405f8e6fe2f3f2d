/* SPDX-License-Identifier: MIT */
/*
 * ims_array.c - slots in device memory, laid out as a driver describes (mirq/ims_array.h). What
 * the slots are for, and where they are mapped, is the driver's.
 * Sources: the driver's data sheet; [PCIE] 2.4.1 (a read pushes writes and messages before it).
 * Locking: none; slots share no register, the core takes the store's leaf lock.
 */
#include <mirq/ims_array.h>

static uint32_t array_at(const struct mirq_slot *s, uint32_t word)
{
	const struct mirq_ims_array *array = s->data;

	return word + s->index * array->stride_bytes;
}

static uint32_t array_mask_bits(const struct mirq_ims_array *array)
{
	return array->masked_bits | array->enabled_bits;
}

static uint32_t array_control_bits(const struct mirq_ims_array *array)
{
	return array_mask_bits(array) | array->used_bits | array->cookie_bits | array->pending_bits;
}

/* The lowest bit of the cookie's field: what a cookie is multiplied by; 0 without a field. */
static uint32_t array_cookie_unit(const struct mirq_ims_array *array)
{
	return array->cookie_bits & (~array->cookie_bits + 1);
}

static void array_control(const struct mirq_slot *s, uint32_t state_bits)
{
	const struct mirq_ims_array *array = s->data;
	uint32_t cookie = (uint32_t)s->cookie * array_cookie_unit(array);

	mirq_regs_write32(&array->regs, array_at(s, array->control),
			  array->used_bits | cookie | state_bits);
}

static void array_free(const struct mirq_slot *s)
{
	const struct mirq_ims_array *array = s->data;

	if (array_control_bits(array))
		mirq_regs_write32(&array->regs, array_at(s, array->control), array->masked_bits);
}

/* No event is let through before its slot is allocated: whoever used the device before us may
 * have left some. */
static enum mirq_err array_setup(void *data)
{
	const struct mirq_ims_array *array = data;
	struct mirq_slot s = { data, 0, 0, NULL };

	if (array_mask_bits(array) && !(array->traits & MIRQ_STORE_RESETS_MASKED))
		for (; s.index < array->nr_slots; s.index++)
			array_free(&s);
	return array->ops.flush ? array->ops.flush(data) : MIRQ_OK;
}

/* Cookie and mask are in place before the first message: writes arrive in order. */
static enum mirq_err array_slot_init(const struct mirq_slot *s)
{
	const struct mirq_ims_array *array = s->data;
	uint32_t unit = array_cookie_unit(array);

	if (s->index >= array->nr_slots || s->cookie > (unit ? array->cookie_bits / unit : 0))
		return MIRQ_EINVAL;
	if (array_control_bits(array))
		array_control(s, array->masked_bits);
	return MIRQ_OK;
}

static void array_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	const struct mirq_ims_array *array = s->data;
	const struct mirq_regs *regs = &array->regs;
	uint32_t data_first = array->flags & MIRQ_IMS_ARRAY_DATA_FIRST;

	if (data_first)
		mirq_regs_write32(regs, array_at(s, array->data), msg->data);
	if (array->update == MIRQ_UPDATE_64)
		mirq_regs_write64(regs, array_at(s, array->address_lo), msg->address);
	else
		mirq_regs_write32(regs, array_at(s, array->address_lo), (uint32_t)msg->address);
	if (array->update != MIRQ_UPDATE_64 && array->address_bits != 32)
		mirq_regs_write32(regs, array_at(s, array->address_hi),
				  (uint32_t)(msg->address >> 32));
	if (!data_first)
		mirq_regs_write32(regs, array_at(s, array->data), msg->data);
}

static void array_mask(const struct mirq_slot *s)
{
	array_control(s, ((const struct mirq_ims_array *)s->data)->masked_bits);
}

static void array_unmask(const struct mirq_slot *s)
{
	array_control(s, ((const struct mirq_ims_array *)s->data)->enabled_bits);
}

static enum mirq_err array_flush(void *data)
{
	const struct mirq_ims_array *array = data;
	uint32_t at = array->flags & MIRQ_IMS_ARRAY_FLUSH_AT ? array->flush : array->control;

	return mirq_regs_read32(&array->regs, at) == UINT32_MAX ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_pending array_pending(const struct mirq_slot *s)
{
	const struct mirq_ims_array *array = s->data;
	uint32_t control = mirq_regs_read32(&array->regs, array_at(s, array->control));

	if (control == UINT32_MAX)
		return MIRQ_PENDING_UNKNOWN;
	return control & array->pending_bits ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

/* Is word @a of one slot word @b of that or another one? */
static int array_meet(const struct mirq_ims_array *array, uint32_t a, uint32_t b)
{
	uint32_t distance = a > b ? a - b : b - a;

	return !(distance % array->stride_bytes) &&
	       distance / array->stride_bytes < array->nr_slots;
}

static const char *array_words_defect(const struct mirq_ims_array *array)
{
	uint64_t last = (uint64_t)array->stride_bytes * (array->nr_slots - 1) + 4;
	uint32_t words[4] = { array->address_lo, array->data }, nr = 2;

	if (array->address_bits != 32)
		words[nr++] = array->address_hi;
	if (array_control_bits(array))
		words[nr++] = array->control;
	for (uint32_t i = 0; i < nr; i++) {
		if (words[i] % 4 || words[i] + last > array->regs.limit_bytes)
			return "a word of a slot is not on 4 bytes inside the registers";
		for (uint32_t j = 0; j < i; j++)
			if (array_meet(array, words[i], words[j]))
				return "two words of the slots stand in the same place";
	}
	if (array->update == MIRQ_UPDATE_64 &&
	    (array->address_bits == 32 || array->address_hi != array->address_lo + 4 ||
	     array->address_lo % 8 || array->stride_bytes % 8))
		return "MIRQ_UPDATE_64 needs the address in 8 bytes on 8 bytes";
	return NULL;
}

static const char *array_bits_defect(const struct mirq_ims_array *array)
{
	uint32_t cookie = array->cookie_bits;
	/* No bit stands in two of them: then their sum is their union. */
	uint64_t sum = (uint64_t)array_mask_bits(array) + cookie + array->used_bits +
		       array->pending_bits;

	if (array_mask_bits(array) && array->masked_bits == array->enabled_bits)
		return "masked and not masked are the same bits";
	if ((cookie + array_cookie_unit(array)) & cookie)
		return "the cookie's bits are not one field";
	if (sum != array_control_bits(array))
		return "a bit of the control word has two meanings";
	if (array->flags & MIRQ_IMS_ARRAY_FLUSH_AT)
		return array->flush % 4 || array->flush + UINT64_C(4) > array->regs.limit_bytes
			       ? "what is read back is not on 4 bytes inside the registers"
			       : NULL;
	return sum == UINT32_MAX
		       ? "all ones in a control word do not tell a dead device: say .flush"
		       : NULL;
}

static const char *array_defect(const struct mirq_ims_array *array)
{
	const char *text;

	if (array->size_bytes != sizeof(*array))
		return "a description of an unknown size: begin it with MIRQ_SIZED()";
	if (!array->nr_slots || !array->stride_bytes || array->stride_bytes % 4)
		return "an array has slots, and a stride of 4 bytes or a multiple";
	if (array->address_bits != 32 && array->address_bits != 40 && array->address_bits != 64)
		return "address_bits must be said: 32, 40 or 64";
	if (array->traits & ~(uint32_t)(MIRQ_STORE_MASK_LOSES | MIRQ_STORE_RESETS_MASKED))
		return "an array may say MASK_LOSES and RESETS_MASKED, no other trait";
	text = array_words_defect(array);
	return text ? text : array_bits_defect(array);
}

static void array_fill(struct mirq_ims_array *array)
{
	uint32_t is_maskable = !!array_mask_bits(array);

	array->ops = (struct mirq_store_ops){
		MIRQ_SIZED(mirq_store_ops),
		.setup = array_setup,
		.slot_init = array_slot_init,
		.slot_fini = array_free,
		.write = array_write,
		.mask = is_maskable ? array_mask : NULL,
		.unmask = is_maskable ? array_unmask : NULL,
		.pending = array->pending_bits ? array_pending : NULL,
	};
	if (array_control_bits(array) || (array->flags & MIRQ_IMS_ARRAY_FLUSH_AT))
		array->ops.flush = array_flush;
	array->kind = (struct mirq_store_template){
		MIRQ_SIZED(mirq_store_template),
		.name = array->name,
		.ops = &array->ops,
		.masking = is_maskable ? MIRQ_MASKS_SLOT : MIRQ_MASKS_NOTHING,
		.update = array->update,
		.address_bits = array->address_bits,
		/* slot_init leaves a slot masked. */
		.traits = array->traits | MIRQ_STORE_VETTED |
			  (is_maskable ? MIRQ_STORE_RESETS_MASKED : 0),
	};
}

enum mirq_err mirq_ims_array_init(struct mirq_ims_array *array,
				  const struct mirq_store_template **out_kind, struct mirq_why *why)
{
	const char *text = array_defect(array);

	if (text && why)
		*why = (struct mirq_why){ .text = text, .where = array->name };
	if (text)
		return MIRQ_EINVAL;
	array_fill(array);
	*out_kind = &array->kind;
	return MIRQ_OK;
}
