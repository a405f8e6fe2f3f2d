/* SPDX-License-Identifier: MIT */
/*
 * fake_vtd_core.c - see fake_vtd_core.h.
 */
#include "fake_vtd_core.h"

#include "core/chip.h"

/* ---- the core's calls ---- */

struct mirq_host *mirqi_host(const struct mirq *m)
{
	return m->host;
}

void *mirqi_remapper_data(const struct mirq_domain *domain, const struct mirq_remapper_ops *ops)
{
	return domain->init.ops == ops ? domain->init.data : NULL;
}

enum mirq_err mirq_remapper_attach(struct mirq *m, const struct mirq_remapper_init *init,
				   struct mirq_domain **out_domain)
{
	struct mirq_domain *domain = &m->domains[m->nr_domains];

	if (m->remapper_err)
		return m->remapper_err;
	m->nr_domains++;
	domain->m = m;
	domain->init = *init;
	*out_domain = domain;
	return MIRQ_OK;
}

int mirq_batch_next(const struct mirq_batch *batch, const void **cursor,
		    struct mirq_member *out_member)
{
	size_t i = *cursor ? (size_t)((const struct mirq_hop *)*cursor - batch->hops) + 1 : 0;

	if (i >= batch->nr)
		return 0;
	*cursor = &batch->hops[i];
	out_member->hop = (struct mirq_hop *)(uintptr_t)&batch->hops[i];
	out_member->route = &batch->routes[i];
	return 1;
}

uint32_t mirq_batch_count(const struct mirq_batch *batch)
{
	return batch->nr;
}

enum mirq_err mirq_device_attach(struct mirq *m, const struct mirq_device_init *init,
				 struct mirq_device **out_dev)
{
	struct mirq_device *dev = m->has_device & 1 ? &m->second : &m->device;

	if (m->device_err)
		return m->device_err;
	assert_int_not_equal(m->has_device, 3);
	m->has_device |= dev == &m->device ? 1 : 2;
	*dev = (struct mirq_device){ .m = m, .init = *init };
	*out_dev = dev;
	return MIRQ_OK;
}

enum mirq_err mirq_device_detach(struct mirq_device *dev)
{
	uint32_t bit = dev == &dev->m->device ? 1 : 2;

	assert_true(dev->m->has_device & bit);
	dev->m->has_device &= ~bit;
	if (dev->store.init.kind)
		dev->store.init.kind->ops->teardown(dev->store.init.data);
	dev->init.fini(dev->init.data);
	return MIRQ_OK;
}

enum mirq_err mirq_store_attach(struct mirq_device *dev, const struct mirq_store_init *init,
				struct mirq_store **out_store)
{
	if (dev->m->store_err)
		return dev->m->store_err;
	dev->kind = *init->kind;
	dev->store.init = *init;
	dev->store.init.kind = &dev->kind;
	*out_store = &dev->store;
	return init->kind->ops->setup(init->data);
}

enum mirq_err mirq_irq_alloc(struct mirq_store *store, const struct mirq_irq_want *want,
			     struct mirq_irqs *out_irqs)
{
	struct mirq_device *dev = (struct mirq_device *)((char *)store -
							 offsetof(struct mirq_device, store));

	if (dev->m->alloc_err)
		return dev->m->alloc_err;
	assert_int_equal(want->nr, 1);
	*out_irqs = (struct mirq_irqs){ store, { 0, 1 } };
	return MIRQ_OK;
}

/* ---- the bench ---- */

int bench_new(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->h = fake_host_new();
	b->m.host = b->h;
	b->u = &b->h->units[0];
	b->init = (struct mirq_vtd_init){
		MIRQ_SIZED(mirq_vtd_init), .name = "dmar0", .address = b->u->physical,
		.nr_entries = 1024,        .why = &b->why,
	};
	*state = b;
	return 0;
}

int bench_free(void **state)
{
	struct bench *b = *state;

	fake_host_free(b->h);
	free(b);
	return 0;
}

const struct mirq_remapper_ops *bench_ops(const struct bench *b)
{
	return b->domain->init.ops;
}

void *bench_data(const struct bench *b)
{
	return b->domain->init.data;
}

void bench_attach(struct bench *b)
{
	const struct mirq_range id = { 0x0010, 0x0011 };
	const struct mirq_requesters who = { .ids = &id, .nr_ids = 1 };

	assert_int_equal(mirq_vtd_attach(&b->m, &b->init, &b->domain), MIRQ_OK);
	assert_int_equal(bench_ops(b)->attach(bench_data(b), &who, 64, &b->ctx, &b->why), MIRQ_OK);
}

enum mirq_err bench_try(struct bench *b)
{
	return mirq_vtd_attach(&b->m, &b->init, &b->domain);
}

/* A refusal: this code, a sentence with the unit's name, nothing left behind, nobody harmed. */
void bench_refused(struct bench *b, enum mirq_err err)
{
	struct mirq_domain *domain = b->domain;

	memset(&b->why, 0, sizeof(b->why));
	assert_int_equal(bench_try(b), err);
	assert_ptr_equal(b->domain, domain);
	assert_non_null(b->why.text);
	assert_string_equal(b->why.where, "dmar0");
	assert_int_equal(b->h->nr_live, 0);
	assert_int_equal(b->h->nr_bad_frees, 0);
	assert_null(b->u->violation);
	assert_int_equal(b->m.nr_domains, 0);
}

void bench_detach(struct bench *b)
{
	bench_ops(b)->detach(bench_data(b), b->ctx);
	bench_ops(b)->fini(bench_data(b));
	assert_int_equal(b->h->nr_live, 0);
	assert_int_equal(b->h->nr_bad_frees, 0);
	for (uint32_t i = 0; i < NR(b->h->units); i++) {
		if (b->h->units[i].violation)
			fail_msg("%s", b->h->units[i].violation);
	}
}

void bench_route(struct bench *b, uint32_t nr, uint32_t target, uint32_t vector)
{
	assert_true(nr <= MAX_MEMBERS);
	b->batch.nr = nr;
	for (uint32_t i = 0; i < nr; i++)
		b->batch.routes[i] = (struct mirq_route){ .hw_target = target,
							  .id = vector,
							  .kind = MIRQ_ROUTE_FIXED };
}

void bench_up(struct bench *b, uint32_t nr, uint32_t target, uint32_t vector)
{
	const struct mirq_remapper_ops *ops = bench_ops(b);
	void *data = bench_data(b);

	bench_route(b, nr, target, vector);
	assert_int_equal(ops->alloc(data, b->ctx, &b->batch, 0, &b->why), MIRQ_OK);
	assert_int_equal(ops->program(data, b->ctx, &b->batch), MIRQ_OK);
	assert_int_equal(ops->flush(data, b->ctx, &b->batch), MIRQ_OK);
}

struct mirq_vtd_stats bench_stats(const struct bench *b)
{
	struct mirq_vtd_stats stats;

	assert_int_equal(mirq_vtd_inspect(b->domain, &stats), MIRQ_OK);
	return stats;
}

uint32_t bench_send(struct bench *b, uint32_t i, uint32_t sid, uint32_t *out_vector,
		    uint32_t *out_target)
{
	struct mirq_msg msg;

	bench_ops(b)->compose(bench_data(b), b->ctx, &b->batch.hops[i], &b->batch.routes[i], 0,
			      &msg);
	return fake_request(b->u, msg.address, msg.data, sid, out_vector, out_target);
}

enum mirq_err bench_flush(struct bench *b)
{
	return bench_ops(b)->flush(bench_data(b), b->ctx, &b->batch);
}

enum mirq_err bench_program(struct bench *b)
{
	return bench_ops(b)->program(bench_data(b), b->ctx, &b->batch);
}

void bench_clear(struct bench *b)
{
	bench_ops(b)->clear(bench_data(b), b->ctx, &b->batch);
}

enum mirq_err bench_alloc(struct bench *b, uint32_t nr, uint32_t block_log2)
{
	bench_route(b, nr, 3, 0x41);
	return bench_ops(b)->alloc(bench_data(b), b->ctx, &b->batch, block_log2, &b->why);
}

void bench_give_back(struct bench *b)
{
	bench_ops(b)->free(bench_data(b), b->ctx, &b->batch);
}

uint32_t bench_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}
