/* SPDX-License-Identifier: MIT */
/*
 * mlx5.c - messages in the event-queue contexts of an mlx5 adapter (mirq/mlx5.h): a queue of slots
 * (mirq/ims_queue.h) whose commands are made here. Which of them a change needs, in which order,
 * and what becomes of one that fails, is the queue's; the command interface is the driver's.
 *
 * Sources: [MLX5]; what of it is public: mlx5_regs.h. Locking: the core's, as ims_queue.c.
 */
#include <mirq/io.h>
#include <mirq/mlx5.h>

#include "mlx5_regs.h"

#define MLX5_PUT(bytes, field, value) MIRQ_X_(mlx5_put, bytes, value, field)
#define MLX5_READ(bytes, field) MIRQ_X_(mlx5_read, bytes, field)

static void mlx5_put(unsigned char *bytes, uint64_t value, uint32_t at, uint32_t nr_bytes)
{
	for (uint32_t i = 0; i < nr_bytes; i++)
		bytes[at + i] = (unsigned char)(value >> 8 * (nr_bytes - 1 - i));
}

static uint32_t mlx5_read(const unsigned char *bytes, uint32_t at, uint32_t nr_bytes)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < nr_bytes; i++)
		value = value << 8 | bytes[at + i];
	return value;
}

/* An answer is never MIRQ_EIO: the adapter is there, and what it refuses is this slot's. */
static enum mirq_err mlx5_answer(struct mirq_mlx5 *mlx5, const unsigned char *out)
{
	uint32_t status = MLX5_READ(out, MLX5_OUT_STATUS);

	if (status == MLX5_STATUS_OK)
		return MIRQ_OK;
	mlx5->status = status;
	mlx5->syndrome = MLX5_READ(out, MLX5_OUT_SYNDROME);
	switch (status) {
	case MLX5_STATUS_BUSY:
		return MIRQ_EBUSY;
	case MLX5_STATUS_LIMIT:
	case MLX5_STATUS_NO_RESOURCES:
		return MIRQ_ENOSPC;
	case MLX5_STATUS_BAD_OP:
		return MIRQ_ENOTSUP;
	default:
		return MIRQ_EINVAL;
	}
}

static enum mirq_err mlx5_command(void *context, enum mirq_ims_queue_op op, uint32_t index,
				  const struct mirq_msg *msg, uint64_t cookie)
{
	static const unsigned char modifiers[] = {
		[MIRQ_IMS_QUEUE_COOKIE] = MLX5_MODIFIER_BIND,
		[MIRQ_IMS_QUEUE_MESSAGE] = MLX5_MODIFIER_MESSAGE,
		[MIRQ_IMS_QUEUE_ENABLE] = MLX5_MODIFIER_ENABLE,
		[MIRQ_IMS_QUEUE_DISABLE] = MLX5_MODIFIER_DISABLE,
	};
	struct mirq_mlx5 *mlx5 = context;
	unsigned char in[MIRQ_MLX5_IN_BYTES] = { 0 }, out[MIRQ_MLX5_OUT_BYTES] = { 0 };
	enum mirq_err err;

	if (cookie >> 40)
		return MIRQ_EINVAL;
	MLX5_PUT(in, MLX5_IN_OPCODE, mlx5->opcode);
	MLX5_PUT(in, MLX5_IN_OWNER, MIRQ_GET(cookie, MLX5_COOKIE_OWNER));
	MLX5_PUT(in, MLX5_IN_MODIFIER, modifiers[op]);
	MLX5_PUT(in, MLX5_IN_EQ_NUMBER, MIRQ_GET(cookie, MLX5_COOKIE_EQ_NUMBER));
	MLX5_PUT(in, MLX5_IN_SLOT, index);
	if (op == MIRQ_IMS_QUEUE_MESSAGE) {
		MLX5_PUT(in, MLX5_IN_ADDRESS, msg->address);
		MLX5_PUT(in, MLX5_IN_DATA, msg->data);
	}
	err = mlx5->exec(mlx5->context, in, out);
	return err ? err : mlx5_answer(mlx5, out);
}

static enum mirq_err mlx5_drain(void *context)
{
	const struct mirq_mlx5 *mlx5 = context;

	return mlx5->drain(mlx5->context);
}

/* A number that is too large stays so: its slot is refused. */
uint64_t mirq_mlx5_cookie(uint32_t eq_number, uint16_t owner)
{
	if (eq_number > MIRQ_FIELD_MASK(MLX5_COOKIE_EQ_NUMBER))
		return UINT64_MAX;
	return MIRQ_SET((uint64_t)eq_number, MLX5_COOKIE_OWNER, owner);
}

static const char *mlx5_defect(const struct mirq_mlx5 *mlx5)
{
	if (mlx5->size_bytes != sizeof(*mlx5))
		return "a description of an unknown size: begin it with MIRQ_SIZED()";
	if (!mlx5->exec)
		return "an adapter needs .exec: how else is it told anything?";
	if (!mlx5->opcode || mlx5->opcode > UINT16_MAX)
		return ".opcode must be said: 16 bits, not 0";
	return NULL;
}

enum mirq_err mirq_mlx5_init(struct mirq_mlx5 *mlx5, const struct mirq_store_template **out_kind,
			     struct mirq_why *why)
{
	const char *text = mlx5_defect(mlx5);

	if (text && why)
		*why = (struct mirq_why){ .text = text, .where = "MLX5-IMS" };
	if (text)
		return MIRQ_EINVAL;
	mlx5->queue = (struct mirq_ims_queue){
		MIRQ_SIZED(mirq_ims_queue),
		.name = "MLX5-IMS",
		.command = mlx5_command,
		.drain = mlx5->drain ? mlx5_drain : NULL,
		.context = mlx5,
		.entries = mlx5->entries,
		.nr_slots = mlx5->nr_slots,
		.address_bits = 64,
		.flags = MIRQ_IMS_QUEUE_COOKIES | MIRQ_IMS_QUEUE_ENABLES,
	};
	mlx5->status = mlx5->syndrome = 0;
	return mirq_ims_queue_init(&mlx5->queue, out_kind, why);
}
