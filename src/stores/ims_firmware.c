/* SPDX-License-Identifier: MIT */
/*
 * ims_firmware.c - one message that a device's firmware makes several events of
 * (mirq/ims_firmware.h). What the events are is the driver's.
 *
 * state, and who changes it:
 *   ON       enable, disable: events are wanted
 *   CHANGED  setup, write, enable, stop: the firmware does not hold .message; tell ends it
 *   TOLD     tell, whether confirmed or not: the firmware may send .told; stop ends it
 *   FIXED    the same, of one that takes no other message: until setup
 * commit makes the firmware fit: ON and CHANGED: tell; not ON and TOLD: stop. What fails is left
 * for the next commit.
 *
 * Sources: the driver's data sheet. Locking: the core's; begin to commit is one thread.
 */
#include <mirq/ims_firmware.h>

enum firmware_state {
	FIRMWARE_ON = 1,
	FIRMWARE_CHANGED = 2,
	FIRMWARE_TOLD = 4,
	FIRMWARE_FIXED = 8
};

static enum mirq_err firmware_setup(void *data)
{
	struct mirq_ims_firmware *firmware = data;

	firmware->state = FIRMWARE_CHANGED;
	return MIRQ_OK;
}

static enum mirq_err firmware_enable(void *data, uint32_t nr_log2)
{
	struct mirq_ims_firmware *firmware = data;

	if (nr_log2 != firmware->nr_log2)
		firmware->state |= FIRMWARE_CHANGED;
	firmware->nr_log2 = nr_log2;
	if (nr_log2 < firmware->min_log2)
		return MIRQ_EINVAL;
	firmware->state |= FIRMWARE_ON;
	return MIRQ_OK;
}

static void firmware_disable(void *data)
{
	((struct mirq_ims_firmware *)data)->state &= ~(uint32_t)FIRMWARE_ON;
}

static int firmware_is_same(const struct mirq_msg *a, const struct mirq_msg *b)
{
	return a->address == b->address && a->data == b->data;
}

static void firmware_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct mirq_ims_firmware *firmware = s->data;

	if (!firmware_is_same(&firmware->message, msg))
		firmware->state |= FIRMWARE_CHANGED;
	firmware->message = *msg;
}

static enum mirq_err firmware_begin(void *data)
{
	(void)data;
	return MIRQ_OK;
}

/* It takes one message only, and that was another one. */
static int firmware_is_fixed(const struct mirq_ims_firmware *firmware)
{
	return (firmware->state & FIRMWARE_FIXED) &&
	       !firmware_is_same(&firmware->message, &firmware->told);
}

static enum mirq_err firmware_tell(struct mirq_ims_firmware *firmware)
{
	enum mirq_err err;

	if (firmware_is_fixed(firmware))
		return MIRQ_ENOTSUP;
	firmware->told = firmware->message;
	firmware->state |= FIRMWARE_TOLD;
	if (firmware->traits & MIRQ_STORE_PINNED)
		firmware->state |= FIRMWARE_FIXED;
	err = firmware->tell(firmware->context, &firmware->told, firmware->nr_log2);
	if (!err)
		firmware->state &= ~(uint32_t)FIRMWARE_CHANGED;
	return err;
}

static enum mirq_err firmware_stop(struct mirq_ims_firmware *firmware)
{
	enum mirq_err err;

	firmware->state |= FIRMWARE_CHANGED;
	err = firmware->stop(firmware->context);
	if (!err)
		firmware->state &= ~(uint32_t)FIRMWARE_TOLD;
	return err;
}

static enum mirq_err firmware_commit(void *data)
{
	struct mirq_ims_firmware *firmware = data;

	if (firmware->state & FIRMWARE_ON)
		return firmware->state & FIRMWARE_CHANGED ? firmware_tell(firmware) : MIRQ_OK;
	if (!(firmware->state & FIRMWARE_TOLD) || !firmware->stop)
		return MIRQ_OK;
	return firmware_stop(firmware);
}

static void firmware_why(void *data, struct mirq_why *why)
{
	const struct mirq_ims_firmware *firmware = data;

	if (firmware->nr_log2 < firmware->min_log2) {
		why->text = "the block has fewer slots than the device has events: allocate "
			    ".nr_wanted at once";
		why->nr_wanted = 1u << firmware->min_log2;
		why->nr_left = 1u << firmware->nr_log2;
	} else if (firmware_is_fixed(firmware)) {
		why->text = "pinned: the firmware has been told its one message, and this is "
			    "another one: start it anew and attach the store again";
	}
}

/* A stop that was not confirmed is tried once more. */
static void firmware_teardown(void *data)
{
	(void)firmware_commit(data);
}

static enum mirq_err firmware_flush(void *data)
{
	const struct mirq_ims_firmware *firmware = data;

	return firmware->drain(firmware->context);
}

static const char *firmware_defect(const struct mirq_ims_firmware *firmware)
{
	if (firmware->size_bytes != sizeof(*firmware))
		return "a description of an unknown size: begin it with MIRQ_SIZED()";
	if (!firmware->tell)
		return "firmware needs .tell: how else is it told its message?";
	if (firmware->traits & ~(uint32_t)MIRQ_STORE_PINNED)
		return "firmware may say MIRQ_STORE_PINNED, no other trait";
	if (firmware->address_bits != 32 && firmware->address_bits != 40 &&
	    firmware->address_bits != 64)
		return "address_bits must be said: 32, 40 or 64";
	if (firmware->min_log2 > 5)
		return ".min_log2 is 0 to 5";
	return NULL;
}

static void firmware_fill(struct mirq_ims_firmware *firmware)
{
	firmware->ops = (struct mirq_store_ops){
		MIRQ_SIZED(mirq_store_ops),
		.setup = firmware_setup,
		.teardown = firmware_teardown,
		.enable = firmware_enable,
		.disable = firmware_disable,
		.write = firmware_write,
		.flush = firmware->drain ? firmware_flush : NULL,
		.begin = firmware_begin,
		.commit = firmware_commit,
		.why = firmware_why,
	};
	firmware->kind = (struct mirq_store_template){
		MIRQ_SIZED(mirq_store_template),
		.name = firmware->name,
		.ops = &firmware->ops,
		.masking = MIRQ_MASKS_NOTHING,
		.update = MIRQ_UPDATE_96,
		.address_bits = firmware->address_bits,
		.traits = firmware->traits | MIRQ_STORE_VETTED | MIRQ_STORE_ONE_MESSAGE,
	};
}

enum mirq_err mirq_ims_firmware_init(struct mirq_ims_firmware *firmware,
				     const struct mirq_store_template **out_kind,
				     struct mirq_why *why)
{
	const char *text = firmware_defect(firmware);

	if (text && why)
		*why = (struct mirq_why){ .text = text, .where = firmware->name };
	if (text)
		return MIRQ_EINVAL;
	firmware_fill(firmware);
	*out_kind = &firmware->kind;
	return MIRQ_OK;
}
