/* SPDX-License-Identifier: MIT */
/*
 * store.c - the one place where a template becomes a domain, and the rules that a template must
 * keep. Decides by properties, never by kind. Locking: the device's mutex.
 */
#include "core.h"

#include "rules.h"

/* Rule numbers of docs/rules.md; those of operations are in rules.def. */
enum rule {
	RULE_OPS = 1,
	RULE_OPT_IN = 5,
	RULE_GUEST = 6,
	RULE_PARENT = 7
};

static const char *direct_defect(const struct mirq_store_template *kind,
				 const struct mirq_store_ops *ops)
{
	return ops->write || ops->mask || ops->mask_all || ops->set_trigger ||
			       (kind->traits & (MIRQ_STORE_ONE_MESSAGE | MIRQ_STORE_TWO_MESSAGES))
		       ? "rule 1: a direct wire has no message: its root masks it and sets its "
			 "trigger"
		       : NULL;
}

static enum mirq_err check_template(const struct mirq_store_template *kind,
				    const struct mirq_store_ops *ops, struct mirq_why *why)
{
	enum mirq_err err = mirqi_rules_check(MIRQI_OPS_OF_STORE, ops, kind->traits, kind->name,
					      why);
	const char *text = NULL;

	if (err)
		return err;
	if (!kind->name)
		text = "rule 1: a store's template needs a name";
	else if (kind->masking != (ops->mask       ? MIRQ_MASKS_SLOT
				   : ops->mask_all ? MIRQ_MASKS_STORE
						   : MIRQ_MASKS_NOTHING))
		text = "rule 1: .masking must be said: MASKS_SLOT with mask, else MASKS_STORE with "
		       "mask_all, else MASKS_NOTHING";
	else if (kind->traits & MIRQ_STORE_DIRECT)
		text = direct_defect(kind, ops);
	else if (kind->update == MIRQ_UPDATE_UNSAID || kind->update > MIRQ_UPDATE_NOTHING)
		text = "rule 1: .update must be said: what of a message changes at once";
	else if (kind->address_bits != 32 && kind->address_bits != 40 && kind->address_bits != 64)
		text = "rule 1: .address_bits must be said: 32, 40 or 64";
	return text ? mirqi_fail(why, MIRQ_EINVAL, RULE_OPS, kind->name, text) : MIRQ_OK;
}

static uint32_t table_level(const struct mirq_device *dev)
{
	uint32_t level = 0;

	while (level < dev->nr_remappers && !dev->way[level].remapper->ops.alloc)
		level++;
	return level;
}

/* Does a message that a device of this guest stores lead anywhere: is it translated by a table of
 * the guest's own, or did a provider get it from the hypervisor? */
static int has_real_way(const struct mirq_device *dev)
{
	uint32_t level = 0;

	while (level < dev->nr_remappers &&
	       !(dev->way[level].remapper->init.traits & MIRQ_REMAPPER_PROVIDER))
		level++;
	return level < dev->nr_remappers || table_level(dev) < dev->nr_remappers ||
	       dev->m->root->init.traits & MIRQ_ROOT_PROVIDER;
}

/* Rules 5 and 6. */
static enum mirq_err check_opt_in(const struct mirq_device *dev, struct mirq_why *why)
{
	const struct mirq_root_init *root = &dev->m->root->init;
	const struct mirqi_line *lines = dev->root->lines;

	if (!(dev->parent->carries & MIRQ_CARRIES_DEVICE_STORES))
		return mirqi_fail(
			why, MIRQ_ENOTSUP, RULE_OPT_IN, dev->parent->name,
			"rule 5: a device-specific store needs a parent that says it carries them; "
			"this one carries stores of the bus only");
	/* A secondary root is bare metal's as far as its own lines are. */
	if (root->guest == MIRQ_GUEST_NO || has_real_way(dev) ||
	    (lines && has_real_way(lines->irq->store->dev)))
		return MIRQ_OK;
	return mirqi_fail(
		why, MIRQ_EGUEST, RULE_GUEST, dev->parent->name,
		root->guest == MIRQ_GUEST_YES
			? "rule 6: this is a guest, and the hypervisor sees no message that a "
			  "device-specific store holds: give it a remapper of its own or a provider"
			: "rule 6: nobody said whether this is a guest: set .guest at set-up");
}

/* A wire ends at the root: nothing stands between, and its number means the same to every CPU. */
static enum mirq_err check_wires(const struct mirq_device *dev, struct mirq_why *why)
{
	const struct mirqi_root *root = dev->root;

	if (!dev->nr_remappers && mirqi_is_system(root) && root->ops.mask)
		return MIRQ_OK;
	return mirqi_fail(why, MIRQ_ENOTSUP, RULE_PARENT, root->domain.name,
			  "rule 7: a direct wire needs a root that has ids of the system and masks "
			  "them, right above its device");
}

/* What the store needs from the way above it. */
static enum mirq_err check_parent(const struct mirq_device *dev,
				  const struct mirq_store_template *kind, struct mirq_why *why)
{
	enum mirq_err err = MIRQ_OK;

	if (kind->traits & MIRQ_STORE_DIRECT)
		return check_wires(dev, why);
	if (!(kind->traits & MIRQ_STORE_OF_BUS))
		err = check_opt_in(dev, why);
	if (err)
		return err;
	if (!(dev->parent->carries & MIRQ_CARRIES_ONE))
		return mirqi_fail(why, MIRQ_ENOTSUP, RULE_PARENT, dev->parent->name,
				  "rule 7: the parent carries no message-signalled interrupts");
	if ((kind->traits & MIRQ_STORE_TWO_MESSAGES) &&
	    !(dev->parent->carries & MIRQ_CARRIES_TWO_MESSAGES))
		return mirqi_fail(why, MIRQ_ENOTSUP, RULE_PARENT, dev->parent->name,
				  "rule 7: the parent has no deassert message, and this store "
				  "needs two");
	if (table_level(dev) == dev->nr_remappers && !dev->root->ops.compose)
		return mirqi_fail(
			why, MIRQ_ENOTSUP, RULE_PARENT, dev->root->domain.name,
			"this root names no message: a table remapper must stand above the store");
	return MIRQ_OK;
}

/* All rules about a template and the way of its device. Copies to full size. */
static enum mirq_err read_kind(const struct mirq_device *dev,
			       const struct mirq_store_template *from,
			       struct mirq_store_template *kind, struct mirq_store_ops *ops,
			       struct mirq_why *why)
{
	enum mirq_err err;

	if (mirqi_sized_copy(kind, sizeof(*kind), from) ||
	    mirqi_sized_copy(ops, sizeof(*ops), kind->ops))
		return mirqi_fail(
			why, MIRQ_EINVAL, RULE_OPS, dev->name,
			"template or op table of an unknown size: begin it with MIRQ_SIZED()");
	err = check_template(kind, ops, why);
	return err ? err : check_parent(dev, kind, why);
}

enum mirq_err mirq_store_supported(const struct mirq_device *dev,
				   const struct mirq_store_template *kind, struct mirq_why *why)
{
	struct mirq_store_template own;
	struct mirq_store_ops ops;

	return read_kind(dev, kind, &own, &ops, why);
}

/* The first rung of the mask ladder that this way has. */
static enum mirqi_rung find_rung(const struct mirq_store *store)
{
	const struct mirq_device *dev = store->dev;

	if (store->ops.mask && !(store->kind.traits & MIRQ_STORE_MASK_LOSES) && !store->ops.begin)
		return MIRQI_RUNG_STORE;
	if (store->table < dev->nr_remappers && dev->way[store->table].remapper->ops.mask)
		return MIRQI_RUNG_REMAPPER;
	if (store->root->ops.mask)
		return MIRQI_RUNG_ROOT;
	return MIRQI_RUNG_SOFTWARE;
}

enum mirq_err mirqi_fail_store(const struct mirq_store *store, struct mirq_why *why,
			       enum mirq_err err, const char *text)
{
	mirqi_fail(why, err, 0, store->kind.name, text);
	if (why && store->ops.why)
		store->ops.why(store->data, why);
	return err;
}

static void fill_store(struct mirq_store *store, struct mirq_device *dev,
		       const struct mirq_store_init *init)
{
	uint32_t limit;

	store->dev = dev;
	store->root = dev->root;
	store->data = init->data;
	store->nr_slots = init->nr_slots;
	store->base = init->base;
	store->exclusive_group = init->exclusive_group;
	store->table = table_level(dev);
	store->rung = find_rung(store);
	store->domain.m = dev->m;
	store->domain.role = MIRQ_ROLE_STORE;
	store->domain.name = store->kind.name;
	store->domain.parent = dev->parent;
	store->domain.carries = dev->parent->carries;
	store->domain.limit_hw_target = dev->parent->limit_hw_target;
	/* The root composes only where no table stands above: only then its reach binds too. */
	limit = dev->root->init.limit_hw_target;
	if (store->table == dev->nr_remappers && limit &&
	    (!store->domain.limit_hw_target || limit < store->domain.limit_hw_target))
		store->domain.limit_hw_target = limit;
}

enum mirq_err mirq_store_attach(struct mirq_device *dev, const struct mirq_store_init *init,
				struct mirq_store **out_store)
{
	struct mirq *m = dev->m;
	const struct mirq_range *ids = &dev->root->init.ids;
	struct mirq_store_init own;
	struct mirq_store *store, **at;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	store = mirqi_alloc(m, sizeof(*store));
	if (!store)
		return mirqi_no_memory(own.why, dev->name);
	err = read_kind(dev, own.kind, &store->kind, &store->ops, own.why);
	if (!err && (!own.nr_slots || own.nr_slots == MIRQI_NO_INDEX))
		err = mirqi_fail(own.why, MIRQ_EINVAL, 0, store->kind.name,
				 "a store has 1 to 2^32 - 2 slots");
	if (!err && (store->kind.traits & MIRQ_STORE_DIRECT) &&
	    (own.nr_slots > ids->limit - ids->first ||
	     own.base - ids->first > ids->limit - ids->first - own.nr_slots))
		err = mirqi_fail_numbers(own.why, MIRQ_EINVAL, store->kind.name,
					 "wires .base on are not all ids of the root", own.nr_slots,
					 ids->limit - ids->first, own.base);
	if (err)
		goto fail;
	fill_store(store, dev, &own);
	if (store->ops.setup)
		err = store->ops.setup(store->data);
	if (err) {
		mirqi_fail_store(store, own.why, err, "the store's setup failed");
		goto fail;
	}
	mirqi_mutex_lock(m->host, &dev->mutex);
	for (at = &dev->stores; *at;)
		at = &(*at)->next;
	*at = store;
	mirqi_mutex_unlock(m->host, &dev->mutex);
	*out_store = store;
	return MIRQ_OK;
fail:
	mirqi_free(m, store, sizeof(*store));
	return err;
}

enum mirq_err mirq_store_detach(struct mirq_store *store)
{
	struct mirq_device *dev = store->dev;
	struct mirq *m = dev->m;
	struct mirq_store **at;
	enum mirq_err err = mirq_irq_free(mirq_store_irqs(store));

	if (err)
		return err;
	mirqi_mutex_lock(m->host, &dev->mutex);
	for (at = &dev->stores; *at != store;)
		at = &(*at)->next;
	*at = store->next;
	mirqi_mutex_unlock(m->host, &dev->mutex);
	if (store->ops.teardown)
		store->ops.teardown(store->data);
	mirqi_sparse_fini(&store->slots, m->host);
	mirqi_free(m, store, sizeof(*store));
	return MIRQ_OK;
}

struct mirq_irqs mirq_store_irqs(struct mirq_store *store)
{
	struct mirq_irqs irqs = { store, { 0, store->nr_slots } };

	return irqs;
}
