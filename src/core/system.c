/* SPDX-License-Identifier: MIT */
/*
 * system.c - struct mirq: birth, end, CPUs, CPU sets. Knows no hardware.
 * Locking: init context, or m->mutex.
 */
#include "core.h"

#include "chip.h"

#define LINE 64

struct mirq_host *mirqi_host(const struct mirq *m)
{
	return m->host;
}

void *mirqi_alloc(struct mirq *m, size_t size_bytes)
{
	void *memory = mirq_host_alloc(m->host, size_bytes, LINE);

	if (memory)
		memset(memory, 0, size_bytes);
	return memory;
}

void mirqi_free(struct mirq *m, void *memory, size_t size_bytes)
{
	if (memory)
		mirq_host_free(m->host, memory, size_bytes);
}

void mirqi_event(struct mirq *m, enum mirq_event event, const struct mirq_irq *irq, uint64_t a,
		 uint64_t b)
{
	mirq_trace *trace = atomic_load_explicit(&m->trace, memory_order_acquire);

	if (trace)
		trace(m->trace_context, event, irq ? irq->number : 0, a, b);
}

void mirq_trace_attach(struct mirq *m, mirq_trace *trace, void *context)
{
	atomic_store_explicit(&m->trace, NULL, memory_order_release);
	m->trace_context = context;
	atomic_store_explicit(&m->trace, trace, memory_order_release);
}

static void free_system(struct mirq *m)
{
	struct mirq_host *host = m->host;

	mirqi_free(m, m->tomb, sizeof(*m->tomb));
	mirqi_free(m, m->cpus, m->nr_cpus * sizeof(*m->cpus));
	mirq_host_free(host, m, sizeof(*m));
}

enum mirq_err mirq_init(const struct mirq_init *init, struct mirq **out_m)
{
	struct mirq_init own;
	struct mirq *m;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	if (!own.nr_cpus || own.nr_cpus > 1u << 16)
		return mirqi_fail(own.why, MIRQ_EINVAL, 0, "mirq_init",
				  "the number of CPUs must be 1 to 65536");
	m = mirq_host_alloc(own.host, sizeof(*m), LINE);
	if (!m)
		goto no_memory;
	memset(m, 0, sizeof(*m));
	m->host = own.host;
	m->nr_cpus = own.nr_cpus;
	m->cpus = mirqi_alloc(m, m->nr_cpus * sizeof(*m->cpus));
	m->tomb = mirqi_alloc(m, sizeof(*m->tomb));
	if (!m->cpus || !m->tomb) {
		free_system(m);
		goto no_memory;
	}
	*out_m = m;
	return MIRQ_OK;
no_memory:
	return mirqi_no_memory(own.why, "mirq_init");
}

/* One allocation per target: the two bitmaps, then cells of its own. */
static size_t target_bytes(const struct mirqi_root *root)
{
	return (root->system ? 0 : mirqi_cells_bytes(root)) +
	       2 * (size_t)root->nr_words * sizeof(uint64_t);
}

enum mirq_err mirqi_target_init(struct mirqi_root *root, uint32_t target, uint32_t hw_target)
{
	struct mirqi_cpu *c = &root->targets[target];
	unsigned char *memory = mirqi_alloc(root->domain.m, target_bytes(root));

	if (!memory)
		return MIRQ_ENOMEM;
	c->retire = (void *)memory;
	c->replay = c->retire + root->nr_words;
	if (!root->system)
		c->cells = (void *)(memory + 2 * root->nr_words * sizeof(uint64_t));
	c->hw_target = hw_target;
	root->hw_target[target] = hw_target;
	if (hw_target > root->max_hw_target)
		root->max_hw_target = hw_target;
	c->is_added = 1;
	return MIRQ_OK;
}

void mirqi_root_fini(struct mirqi_root *root)
{
	struct mirq *m = root->domain.m;

	for (uint32_t i = 0; root->targets && i < root->nr_targets; i++) {
		mirqi_free(m, root->targets[i].retire, target_bytes(root));
		memset(&root->targets[i], 0, sizeof(root->targets[i]));
	}
	mirqi_free(m, root->system, mirqi_cells_bytes(root));
	mirqi_free(m, root->ids, mirq_ids_size_bytes(root->nr_targets, root->init.ids));
	mirqi_free(m, root->hw_target, root->nr_targets * sizeof(*root->hw_target));
	mirqi_free(m, root, sizeof(*root));
}

void mirqi_root_detach(struct mirq *m)
{
	struct mirqi_link *link;

	if (!m->root)
		return;
	while ((link = m->links)) {
		m->links = link->next;
		mirqi_free(m, link, sizeof(*link));
	}
	if (m->root->ops.fini)
		m->root->ops.fini(m->root->init.data);
	mirqi_root_fini(m->root);
	m->root = NULL;
	m->domains = NULL;
}

/* Take away what nothing hangs off: a device, a remapper or a secondary root. 0: nothing went. */
static int detach_one(struct mirq *m)
{
	for (struct mirq_device *dev = m->devices; dev; dev = dev->next)
		if (!mirq_device_detach(dev))
			return 1;
	for (struct mirq_domain *d = m->domains; d; d = d->next) {
		const struct mirqi_root *root = (const struct mirqi_root *)d;

		if (d->role == MIRQ_ROLE_REMAPPER ? !mirq_remapper_detach(d)
						  : root->detach && !root->detach(d))
			return 1;
	}
	return 0;
}

void mirq_fini(struct mirq *m)
{
	while (detach_one(m))
		;
	if (m->devices || (m->domains && m->domains->next))
		mirq_host_panic(m->host, "mirq_fini() from inside a handler");
	mirqi_sparse_fini(&m->numbers, m->host);
	mirqi_root_detach(m);
	free_system(m);
}

static enum mirq_err cpu_add_locked(struct mirq *m, const struct mirq_cpu_init *init)
	MIRQ_MUST_HOLD(m->mutex)
{
	struct mirqi_cpu *cpu = &m->cpus[init->cpu];

	if (cpu->is_added)
		return mirqi_fail_value(init->why, MIRQ_EEXIST, "mirq_cpu_add",
					"this CPU number was added already", init->cpu);
	if (mirqi_target_init(m->root, init->cpu, init->hardware_id))
		return mirqi_no_memory(init->why, "mirq_cpu_add");
	cpu->node = init->node;
	return MIRQ_OK;
}

enum mirq_err mirq_cpu_add(struct mirq *m, const struct mirq_cpu_init *init)
{
	struct mirq_cpu_init own;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	if (own.cpu >= m->nr_cpus || !m->root)
		return mirqi_fail_numbers(own.why, MIRQ_EINVAL, "mirq_cpu_add",
					  "no such CPU number, or no root yet: attach it first", 0,
					  m->nr_cpus, own.cpu);
	mirqi_mutex_lock(m->host, &m->mutex);
	err = cpu_add_locked(m, &own);
	mirqi_mutex_unlock(m->host, &m->mutex);
	return err;
}

enum mirq_err mirq_cpu_online(struct mirq *m, uint32_t cpu)
{
	enum mirq_err err = MIRQ_OK;

	if (cpu >= m->nr_cpus || !m->cpus[cpu].is_added)
		return MIRQ_ENOENT;
	if (m->root->ops.cpu_up)
		err = m->root->ops.cpu_up(m->root->init.data, cpu, m->cpus[cpu].hw_target);
	if (err)
		return err;
	atomic_store_explicit(&m->cpus[cpu].phase, MIRQI_CPU_ONLINE, memory_order_release);
	/* A kick that came as the CPU left may be lost: ids that retire are looked at again. */
	atomic_store_explicit(&m->cpus[cpu].is_kicked, 0, memory_order_relaxed);
	mirqi_kick(m->root, cpu);
	return mirq_ids_online(m->root->ids, cpu);
}

int mirqi_cpus_have_online(const struct mirq *m, struct mirq_cpus cpus)
{
	uint32_t limit = cpus.range.limit ? cpus.range.limit : m->nr_cpus;

	for (uint32_t cpu = cpus.range.limit ? cpus.range.first : 0; cpu < limit; cpu++)
		if (mirqi_cpus_have(cpus, cpu) && mirqi_cpu_is_online(m, cpu))
			return 1;
	return 0;
}

int mirqi_cpus_are_all(const struct mirq *m, struct mirq_cpus cpus)
{
	uint32_t cpu = 0;

	while (cpu < m->nr_cpus && mirqi_cpus_have(cpus, cpu))
		cpu++;
	return cpu == m->nr_cpus;
}

struct mirq_cpus mirqi_cpus_usable(const struct mirq *m, struct mirq_cpus cpus)
{
	struct mirq_cpus all = { { 0, 0 }, NULL };

	return mirqi_cpus_have_online(m, cpus) ? cpus : all;
}

enum mirq_err mirqi_cpus_check(struct mirq *m, struct mirq_cpus cpus, struct mirq_why *why)
{
	uint32_t first = cpus.range.limit ? cpus.range.first : 0;
	uint32_t limit = cpus.range.limit ? cpus.range.limit : m->nr_cpus;

	if (first >= limit || limit > m->nr_cpus)
		return mirqi_fail_numbers(why, MIRQ_EINVAL, "affinity",
					  "the CPU range is empty or ends beyond the system's CPUs",
					  limit, m->nr_cpus, first);
	if (mirqi_cpus_have_online(m, cpus))
		return MIRQ_OK;
	return mirqi_fail_one(why, MIRQ_EINVAL, "affinity",
			      "no CPU of the set is online: call mirq_cpu_online() there",
			      cpus.range.first);
}

enum mirq_err mirqi_bits_copy(struct mirq *m, struct mirq_cpus cpus, struct mirqi_bits **out_bits)
{
	size_t nr_words = ((cpus.range.limit ? cpus.range.limit : m->nr_cpus) + 63) / 64;
	struct mirqi_bits *bits;

	*out_bits = NULL;
	if (!cpus.bits)
		return MIRQ_OK;
	bits = mirqi_alloc(m, sizeof(*bits) + nr_words * sizeof(bits->words[0]));
	if (!bits)
		return MIRQ_ENOMEM;
	bits->size_bytes = sizeof(*bits) + nr_words * sizeof(bits->words[0]);
	bits->nr_users = 1;
	memcpy(bits->words, cpus.bits, nr_words * sizeof(bits->words[0]));
	*out_bits = bits;
	return MIRQ_OK;
}

void mirqi_bits_get(struct mirqi_bits *bits)
{
	if (bits)
		bits->nr_users++;
}

void mirqi_bits_put(struct mirq *m, struct mirqi_bits *bits)
{
	if (bits && !--bits->nr_users)
		mirqi_free(m, bits, bits->size_bytes);
}
