/* SPDX-License-Identifier: MIT */
/*
 * device.c - devices and the links that say which parent a requester's messages go to. Any bus.
 * Locking: lists under m->mutex; a device leaves its list under m->hotplug too.
 */
#include "core.h"

#include "chip.h"

static void free_device(struct mirq_device *dev)
{
	struct mirq *m = dev->m;

	mirqi_free(m, dev->ids, dev->requesters.nr_ids * sizeof(*dev->ids));
	mirqi_free(m, dev, sizeof(*dev));
}

static int way_isolates(const struct mirq_device *dev)
{
	for (uint32_t level = 0; level < dev->nr_remappers; level++)
		if (dev->way[level].remapper->init.traits & MIRQ_REMAPPER_ISOLATES)
			return 1;
	return 0;
}

/* The domains from the device to the root, as an array. */
static enum mirq_err make_way(struct mirq_device *dev, struct mirq_why *why)
{
	struct mirq_domain *d = dev->parent;

	for (; d->role == MIRQ_ROLE_REMAPPER; d = d->parent) {
		if (dev->nr_remappers == MIRQI_MAX_REMAPPERS)
			return mirqi_fail(why, MIRQ_EINVAL, 0, dev->name,
					  "more than four remappers stand above this device");
		dev->way[dev->nr_remappers++].remapper = (struct mirqi_remapper *)d;
	}
	dev->root = (struct mirqi_root *)d;
	if (way_isolates(dev) && !dev->requesters.nr_ids)
		return mirqi_fail(
			why, MIRQ_EINVAL, 0, dev->name,
			"behind a remapper that checks senders the bus must say who sends");
	return MIRQ_OK;
}

static enum mirq_err copy_requesters(struct mirq_device *dev, const struct mirq_requesters *from)
{
	dev->requesters = *from;
	dev->requesters.device = dev->name;
	if (!from->nr_ids)
		return MIRQ_OK;
	dev->ids = mirqi_alloc(dev->m, from->nr_ids * sizeof(*dev->ids));
	if (!dev->ids)
		return MIRQ_ENOMEM;
	memcpy(dev->ids, from->ids, from->nr_ids * sizeof(*dev->ids));
	dev->requesters.ids = dev->ids;
	return MIRQ_OK;
}

static enum mirq_err check_device(const struct mirq *m, const struct mirq_device_init *init)
{
	if (!m->root)
		return mirqi_fail(init->why, MIRQ_EINVAL, 0, init->name,
				  "a device needs the system's root first");
	if (!init->name || (init->parent && init->parent->role == MIRQ_ROLE_STORE))
		return mirqi_fail(init->why, MIRQ_EINVAL, 0, init->name,
				  "a device needs a name and a remapper or the root as its parent");
	if (init->requesters.nr_ids && !init->requesters.ids)
		return mirqi_fail(init->why, MIRQ_EINVAL, 0, init->name,
				  "requester ranges are counted and not given");
	if (init->requesters.nr_ids > 4096)
		return mirqi_fail_numbers(init->why, MIRQ_EINVAL, init->name,
					  "more requester ranges than a bus can have",
					  init->requesters.nr_ids, 4096, 0);
	return MIRQ_OK;
}

enum mirq_err mirq_device_attach(struct mirq *m, const struct mirq_device_init *init,
				 struct mirq_device **out_dev)
{
	struct mirq_device_init own;
	struct mirq_device *dev, **at;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	err = check_device(m, &own);
	if (err)
		return err;
	dev = mirqi_alloc(m, sizeof(*dev));
	if (!dev)
		return mirqi_no_memory(own.why, own.name);
	dev->m = m;
	dev->name = own.name;
	dev->parent = own.parent ? own.parent : &m->root->domain;
	dev->data = own.data;
	dev->fini = own.fini;
	err = copy_requesters(dev, &own.requesters);
	if (err)
		mirqi_no_memory(own.why, own.name);
	else
		err = make_way(dev, own.why);
	if (err) {
		free_device(dev);
		return err;
	}
	mirqi_mutex_lock(m->host, &m->mutex);
	dev->parent->nr_children++;
	for (at = &m->devices; *at;)
		at = &(*at)->next;
	*at = dev;
	mirqi_mutex_unlock(m->host, &m->mutex);
	*out_dev = dev;
	return MIRQ_OK;
}

/* Lines of a secondary root: that goes first. */
static int carries_others(struct mirq_device *dev)
{
	struct mirq_store *s;

	mirqi_mutex_lock(dev->m->host, &dev->mutex);
	for (s = dev->stores; s && !s->nr_lines;)
		s = s->next;
	mirqi_mutex_unlock(dev->m->host, &dev->mutex);
	return s != NULL;
}

enum mirq_err mirq_device_detach(struct mirq_device *dev)
{
	struct mirq *m = dev->m;
	struct mirq_device **at;

	if (mirqi_is_inside(m))
		return MIRQ_EDEADLK;
	if (carries_others(dev))
		return MIRQ_EBUSY;
	while (dev->stores)
		(void)mirq_store_detach(dev->stores);
	for (uint32_t level = 0; level < dev->nr_remappers; level++) {
		struct mirqi_attachment *a = &dev->way[level];

		if (a->is_attached && a->remapper->ops.detach)
			a->remapper->ops.detach(a->remapper->init.data, a->ctx);
	}
	/* Nobody who walks over the devices stands here. */
	mirqi_mutex_lock(m->host, &m->hotplug);
	mirqi_mutex_lock(m->host, &m->mutex);
	for (at = &m->devices; *at != dev;)
		at = &(*at)->next;
	*at = dev->next;
	dev->parent->nr_children--;
	mirqi_mutex_unlock(m->host, &m->mutex);
	mirqi_mutex_unlock(m->host, &m->hotplug);
	if (dev->fini)
		dev->fini(dev->data);
	free_device(dev);
	return MIRQ_OK;
}

void *mirq_device_data(const struct mirq_device *dev)
{
	return dev->data;
}

void *mirqi_device_data(const struct mirq_device *dev, void (*fini)(void *data))
{
	return dev->fini == fini ? dev->data : NULL;
}

struct mirq *mirq_device_system(const struct mirq_device *dev)
{
	return dev->m;
}

int mirq_device_is_isolated(const struct mirq_device *dev)
{
	return way_isolates(dev);
}

enum mirq_err mirq_link_add(struct mirq *m, const struct mirq_link *link)
{
	struct mirqi_link *own, **at;

	if (!link->parent || link->ids.limit <= link->ids.first)
		return MIRQ_EINVAL;
	own = mirqi_alloc(m, sizeof(*own));
	if (!own)
		return MIRQ_ENOMEM;
	own->link = *link;
	mirqi_mutex_lock(m->host, &m->mutex);
	for (at = &m->links; *at;)
		at = &(*at)->next;
	*at = own;
	mirqi_mutex_unlock(m->host, &m->mutex);
	return MIRQ_OK;
}

struct mirq_domain *mirq_link_find(struct mirq *m, uint16_t segment, uint32_t id)
{
	struct mirq_domain *found = m->root ? &m->root->domain : NULL;
	uint64_t smallest = UINT64_MAX; /* a range may be as large as a 32-bit number */
	struct mirqi_link *l;

	mirqi_mutex_lock(m->host, &m->mutex);
	for (l = m->links; l; l = l->next) {
		if (l->link.segment != segment || id < l->link.ids.first ||
		    id >= l->link.ids.limit || l->link.ids.limit - l->link.ids.first >= smallest)
			continue;
		smallest = l->link.ids.limit - l->link.ids.first;
		found = l->link.parent;
	}
	mirqi_mutex_unlock(m->host, &m->mutex);
	return found;
}
