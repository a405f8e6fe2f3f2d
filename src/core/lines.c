/* SPDX-License-Identifier: MIT */
/*
 * lines.c - secondary roots: interrupts of one device that carry those of others. Linked only where
 * somebody names it.
 *
 * A line is an ordinary interrupt whose action walks what it carries (dispatch.c). It is also a
 * target of the secondary root: it has cells and ids of its own, as a CPU has, and a section,
 * which one CPU at a time is in, because an interrupt runs on one at a time. So what is said of
 * CPUs there (retiring, replaying, waiting) is true of lines; what kicks a line is its interrupt,
 * raised again. An id of a line retires after a walk that began when its way had drained: what it
 * brought has then been seen.
 *
 * Locking: as a root's registration; what is a line is said under the mutex of its device.
 */
#include "core.h"

#include "rules.h"

#define RULE_LINES 11
#define MAX_LINES 64

static const char *lines_defect(const struct mirq *m, struct mirq_irqs lines)
{
	const struct mirq_irq *irq;

	if (!lines.store || lines.slots.first >= lines.slots.limit ||
	    lines.slots.limit - lines.slots.first > MAX_LINES)
		return "a secondary root has 1 to 64 lines";
	if (lines.store->dev->m != m || lines.store->root != m->root)
		return "lines are interrupts on the way to the root of this system: a secondary "
		       "root behind another one is not built";
	if (mirqi_is_system(m->root))
		return "lines go to a CPU that mirq knows: this root has ids of the system";
	for (uint32_t i = lines.slots.first; i < lines.slots.limit; i++) {
		irq = mirqi_irq(lines.store, i);
		if (!irq || irq->trigger >= MIRQ_LEVEL_HIGH)
			return "lines are allocated interrupts, and edge";
	}
	return NULL;
}

static enum mirq_err check_secondary(const struct mirq *m, const struct mirq_secondary_init *init,
				     const struct mirq_secondary_ops *ops)
{
	enum mirq_err err = mirqi_rules_check(MIRQI_OPS_OF_SECONDARY, ops, 0, init->name,
					      init->why);
	const char *text;

	if (err)
		return err;
	text = lines_defect(m, init->lines);
	if (!init->name || init->ids.limit <= init->ids.first ||
	    init->ids.limit - init->ids.first > 2048)
		text = "a secondary root needs a name and 1 to 2048 ids per line";
	else if (!init->carries || (init->carries & MIRQ_CARRIES_LEVEL))
		text = "a secondary root says what it carries, and that is no levels";
	return text ? mirqi_fail(init->why, MIRQ_EINVAL, RULE_LINES, init->name, text) : MIRQ_OK;
}

static enum mirq_err find_lines(const struct mirqi_root *root, struct mirq_cpus *inout_cpus,
				uint64_t *bits, struct mirq_why *why)
{
	*bits = 0;
	for (uint32_t i = 0; i < root->nr_targets; i++)
		if (mirqi_cpus_have(*inout_cpus, mirqi_cpu_of(root, i)))
			*bits |= UINT64_C(1) << i;
	if (!*bits)
		return mirqi_fail_one(
			why, MIRQ_ENOTSUP, root->lines->irq->store->dev->name,
			"no interrupt of this device, which carries those behind it, goes to a CPU "
			"asked for: move one there first; value: the first of those CPUs",
			inout_cpus->range.first);
	inout_cpus->range.first = 0;
	inout_cpus->range.limit = root->nr_targets;
	inout_cpus->bits = bits;
	return MIRQ_OK;
}

/* What an id of a line brought was walked before this is asked. */
static enum mirq_pending nothing_waits(void *data, uint32_t line, uint32_t id)
{
	(void)data;
	(void)line;
	(void)id;
	return MIRQ_PENDING_NO;
}

/* What the mux of a line says, until it says that there is nothing. */
static void claim_all(const struct mirqi_root *root, uint32_t line)
{
	uint32_t nr_ids = root->init.ids.limit - root->init.ids.first, id;
	struct mirqi_cpu *c = &root->targets[line];
	struct mirq_irq *irq;

	while ((id = root->ops.claim(root->init.data, line)) != MIRQ_NO_ID) {
		id -= root->init.ids.first;
		irq = id < nr_ids ? atomic_load_explicit(&c->cells[id], memory_order_acquire)
				  : NULL;
		if (irq)
			mirqi_fire(root, line, irq);
		else
			atomic_fetch_add_explicit(&c->nr_stray, 1, memory_order_relaxed);
	}
}

/* Every child of a line. */
static void fire_word(const struct mirqi_root *root, uint32_t line, uint32_t word)
{
	uint32_t limit = root->init.ids.limit - root->init.ids.first;
	struct mirqi_cpu *c = &root->targets[line];
	struct mirq_irq *irq;

	limit = limit < (word + 1) * 64 ? limit : (word + 1) * 64;
	for (uint32_t i = word * 64; i < limit; i++) {
		irq = atomic_load_explicit(&c->cells[i], memory_order_acquire);
		/* The tomb is requested by nobody: nothing is late. */
		if (irq && (mirqi_state_read(&irq->state) & MIRQI_REQUESTED))
			mirqi_fire(root, line, irq);
	}
}

static void walk(const struct mirqi_root *root, uint32_t line, uint32_t word, uint64_t retiring)
{
	if (!root->ops.claim)
		fire_word(root, line, word);
	else if (!word || retiring)
		claim_all(root, line);
}

static void free_secondary(struct mirqi_root *root)
{
	struct mirqi_cpu *targets = root->targets;
	struct mirqi_line *lines = root->lines;
	struct mirq *m = root->domain.m;
	uint32_t nr = root->nr_targets;

	mirqi_root_fini(root);
	mirqi_free(m, lines, nr * sizeof(*lines));
	mirqi_free(m, targets, nr * sizeof(*targets));
}

static enum mirq_err init_lines(struct mirqi_root *root, struct mirq_irqs lines)
{
	enum mirq_err err = root->targets && root->lines ? MIRQ_OK : MIRQ_ENOMEM;

	for (uint32_t i = 0; i < root->nr_targets && !err; i++) {
		root->lines[i].root = root;
		root->lines[i].irq = mirqi_irq(lines.store, lines.slots.first + i);
		root->lines[i].target = i;
		err = mirqi_target_init(root, i, i);
		atomic_store_explicit(&root->targets[i].phase, MIRQI_CPU_ONLINE,
				      memory_order_relaxed);
		mirqi_ids_set_online(root->ids, i, 1);
	}
	return err;
}

static struct mirqi_root *make_secondary(struct mirq *m, const struct mirq_secondary_init *init,
					 const struct mirq_secondary_ops *ops)
{
	struct mirq_root_init own = { .name = init->name,
				      .data = init->data,
				      .ids = init->ids,
				      .carries = init->carries,
				      .traits = init->traits };
	struct mirq_root_ops root_ops = { .compose = ops->compose,
					  .claim = ops->claim,
					  .pending = nothing_waits,
					  .fini = ops->fini };
	uint32_t nr = mirq_irq_count(init->lines);
	struct mirqi_root *root = mirqi_root_init(m, &own, &root_ops, nr);

	if (!root)
		return NULL;
	root->targets = mirqi_alloc(m, nr * sizeof(*root->targets));
	root->lines = mirqi_alloc(m, nr * sizeof(*root->lines));
	root->find_lines = find_lines;
	root->walk = walk;
	root->detach = mirq_secondary_detach;
	if (!init_lines(root, init->lines))
		return root;
	free_secondary(root);
	return NULL;
}

/* From now on they carry others, or no more. */
static void mark_lines(const struct mirqi_root *root, uint32_t set)
{
	struct mirq_device *dev = root->lines->irq->store->dev;

	mirqi_mutex_lock(dev->m->host, &dev->mutex);
	root->lines->irq->store->nr_lines += set ? root->nr_targets : 0 - root->nr_targets;
	for (uint32_t i = 0; i < root->nr_targets; i++) {
		root->lines[i].irq->flags &= ~(uint32_t)MIRQI_IRQ_LINE;
		root->lines[i].irq->flags |= set;
	}
	mirqi_mutex_unlock(dev->m->host, &dev->mutex);
}

enum mirq_err mirq_secondary_attach(struct mirq *m, const struct mirq_secondary_init *init,
				    struct mirq_domain **out_domain)
{
	struct mirq_secondary_init own;
	struct mirq_secondary_ops ops;
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = mirqi_line_handle,
				      .stride_bytes = sizeof(struct mirqi_line) };
	struct mirqi_root *root;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	if (mirqi_sized_copy(&ops, sizeof(ops), own.ops))
		return mirqi_fail(own.why, MIRQ_EINVAL, RULE_LINES, own.name,
				  "op table of an unknown size: begin it with MIRQ_SIZED()");
	err = check_secondary(m, &own, &ops);
	if (err)
		return err;
	root = make_secondary(m, &own, &ops);
	if (!root)
		return mirqi_no_memory(own.why, own.name);
	h.context = root->lines;
	h.why = own.why;
	err = mirq_irq_request(own.lines, &h);
	if (err) {
		free_secondary(root);
		return err;
	}
	mark_lines(root, MIRQI_IRQ_LINE);
	mirqi_domain_link(&root->domain);
	*out_domain = &root->domain;
	return MIRQ_OK;
}

enum mirq_err mirq_secondary_detach(struct mirq_domain *domain)
{
	struct mirqi_root *root = (struct mirqi_root *)domain;
	struct mirq_irqs lines;
	enum mirq_err err;

	if (domain->role != MIRQ_ROLE_ROOT || !root->lines)
		return MIRQ_EINVAL;
	if (mirqi_is_inside(domain->m))
		return MIRQ_EDEADLK;
	err = mirqi_domain_unlink(domain);
	if (err)
		return err;
	mark_lines(root, 0);
	lines.store = root->lines->irq->store;
	lines.slots.first = root->lines->irq->index;
	lines.slots.limit = lines.slots.first + root->nr_targets;
	(void)mirq_irq_release(lines, NULL);
	if (root->ops.fini)
		root->ops.fini(root->init.data);
	free_secondary(root);
	return MIRQ_OK;
}
