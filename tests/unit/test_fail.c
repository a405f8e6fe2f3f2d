/* SPDX-License-Identifier: MIT */
/*
 * test_fail.c - whole operations with host call or hardware operation number 1, 2, 3, ... failing,
 * once and for good, until nothing is left to fail (docs/design.md 7, I5). After each failure:
 * nothing observable has changed, no memory is gone but nodes of sparse arrays that the next try
 * uses, and the next try succeeds. What dead hardware may still use is quarantined.
 */
#include "mock.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/core.h"

#define NR_SLOTS 300
#define MAX_NODES 8 /* that one call may leave behind */

struct world {
	struct mock *m;
	struct mock_remapper *table, *shim;
	struct mirq_device *dev;
	struct mock_store *s;
	struct mock_action a[8], b[8];
	struct mirq_irqs irqs;
	/* Results of the call; must stay as they are when it fails. */
	struct mirq *out_m;
	struct mirq_device *out_dev;
	struct mirq_store *out_store;
	struct mirq_domain *out_domain;
	struct mirq_irqs out_irqs;
	struct mock_store *new_store;
	struct mock_remapper *new_remapper;
};

struct scenario {
	const char *name;
	void (*prepare)(struct world *w);
	enum mirq_err (*call)(struct world *w);
	void (*verify)(struct world *w); /* after a success */
	/* Hardware operations that the call makes; those that may fail without the call failing
	 * have a '-' before them, those after which both ways stay alive a '+'. */
	const char *ops[8];
};

static uint64_t nr_memory, nr_hardware; /* injections */

/* ---- what can be seen of a system ---- */

static void add(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char **text, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	*text = realloc(*text, strlen(*text) + strlen(line) + 1);
	assert_non_null(*text);
	strcat(*text, line);
}

static void show_store(char **text, struct mirq_store *store)
{
	struct mirq_irqs rest = mirq_store_irqs(store), one;
	struct mirq_irq_info i;
	struct mirq_cpus cpus;

	add(text, "store %s used %u\n", store->domain.name, store->slots.nr_used);
	while (!mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL)) {
		assert_int_equal(mirq_irq_inspect(one, &i), MIRQ_OK);
		assert_int_equal(mirq_affinity_requested(one, &cpus), MIRQ_OK);
		add(text,
		    "slot %u number %u state %x cookie %llu route %u %u:%u wanted %u-%u %llx\n",
		    i.index, i.number, i.state, (unsigned long long)i.cookie, i.route.kind,
		    i.route.kind ? i.route.cpu : 0, i.route.kind ? i.route.id : 0, cpus.range.first,
		    cpus.range.limit, (unsigned long long)(cpus.bits ? cpus.bits[0] : 0));
	}
}

static char *show(struct world *w)
{
	char *text = calloc(1, 1);
	struct mirq_domain_info di;
	struct mirq_cpu_info ci;
	struct mirq_info info;
	struct mirq *m = w->m->m;

	assert_non_null(text);
	if (!m)
		return text;
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		mirq_hosted_serve(&w->m->host, cpu);
	mirq_inspect(m, &info);
	add(&text, "irqs %u devices %u cpus %u quarantined %u best effort %u\n", info.nr_irqs,
	    info.nr_devices, info.nr_cpus, info.nr_quarantined, atomic_load(&m->nr_best_effort));
	for (struct mirqi_link *l = m->links; l; l = l->next)
		add(&text, "link\n");
	for (struct mirq_domain *d = NULL; (d = mirq_domain_next(m, d));) {
		mirq_domain_inspect(d, &di);
		add(&text, "domain %s used %u children %u\n", di.name, di.nr_used, d->nr_children);
	}
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		if (!mirq_cpu_inspect(m, cpu, &ci))
			add(&text, "cpu %u online %u used %u\n", cpu, ci.is_online, ci.nr_used);
	for (struct mirq_device *d = NULL; (d = mirq_device_next(m, d));)
		for (struct mirq_store *s = NULL; (s = mirq_store_next(d, s));)
			show_store(&text, s);
	return text;
}

static void check_same(const struct scenario *sc, const char *what, uint64_t n, const char *before,
		       const char *after)
{
	if (!strcmp(before, after))
		return;
	fail_msg("%s, %s %llu: something has changed\n--- before\n%s--- after\n%s", sc->name, what,
		 (unsigned long long)n, before, after);
}

/* ---- worlds ---- */

static void world_begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->m = mock_new();
	for (uint32_t i = 0; i < MOCK_NR(w->a); i++)
		w->a[i].mock = w->b[i].mock = w->m;
}

/* A device behind a shim behind a table. */
static void world_ways(struct world *w)
{
	mock_start(w->m, 4);
	w->table = mock_table(w->m);
	w->shim = mock_shim_new(w->m, "shim");
	w->shim->init.parent = w->table->domain;
	assert_int_equal(mock_remapper_attach(w->shim), MIRQ_OK);
	w->dev = mock_device(w->m, "dev", w->shim->domain);
}

static void world_store(struct world *w, enum mock_kind kind)
{
	w->s = mock_store(w->m, kind, "store", NR_SLOTS);
	mock_store_attach(w->s, w->dev);
}

static void world_free(struct world *w)
{
	mock_free(w->m);
}

static void fire_all(struct world *w, struct mirq_irqs irqs)
{
	for (uint32_t i = 0; i < mirq_irq_count(irqs); i++) {
		uint64_t before = w->a[i].nr;

		mock_fire(w->s, irqs.slots.first + i);
		assert_int_equal(w->a[i].nr, before + 1);
	}
}

/* ---- scenarios: the system ---- */

static void prepare_nothing(struct world *w)
{
	(void)w;
}

static enum mirq_err call_init(struct world *w)
{
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &w->m->host, .nr_cpus = 4 };
	enum mirq_err err = mirq_init(&init, &w->out_m);

	w->m->m = w->m->host.m = w->out_m;
	return err;
}

static void verify_nothing(struct world *w)
{
	(void)w;
}

static void prepare_system(struct world *w)
{
	assert_int_equal(call_init(w), MIRQ_OK);
	w->out_m = NULL;
}

static enum mirq_err call_root(struct world *w)
{
	return mirq_root_attach(w->m->m, &w->m->root.init, &w->out_domain);
}

static void prepare_root(struct world *w)
{
	prepare_system(w);
	assert_int_equal(call_root(w), MIRQ_OK);
	w->out_domain = NULL;
}

static enum mirq_err call_cpu(struct world *w)
{
	struct mirq_cpu_init init = { MIRQ_SIZED(mirq_cpu_init), .cpu = 2, .hardware_id = 0x12 };

	return mirq_cpu_add(w->m->m, &init);
}

static void prepare_cpu(struct world *w)
{
	prepare_root(w);
	assert_int_equal(call_cpu(w), MIRQ_OK);
}

static enum mirq_err call_online(struct world *w)
{
	return mirq_cpu_online(w->m->m, 2);
}

static void prepare_remapper(struct world *w)
{
	mock_start(w->m, 4);
	w->new_remapper = mock_table_new(w->m, "new", 16);
}

static enum mirq_err call_remapper(struct world *w)
{
	return mirq_remapper_attach(w->m->m, &w->new_remapper->init, &w->out_domain);
}

static enum mirq_err call_device(struct world *w)
{
	static const struct mirq_range ids[] = { { 1, 2 }, { 0x100, 0x200 } };
	struct mirq_device_init init = {
		MIRQ_SIZED(mirq_device_init),
		.name = "new",
		.parent = w->table->domain,
		.requesters = { .ids = ids, .nr_ids = 2 },
	};

	return mirq_device_attach(w->m->m, &init, &w->out_dev);
}

static enum mirq_err call_link(struct world *w)
{
	struct mirq_link link = { { 0, 16 }, 0, w->table->domain };

	return mirq_link_add(w->m->m, &link);
}

static void prepare_new_store(struct world *w)
{
	world_ways(w);
	w->new_store = mock_store(w->m, MOCK_MSIX, "store", 8);
	w->new_store->dev = w->dev;
}

static enum mirq_err call_store(struct world *w)
{
	return mirq_store_attach(w->dev, &w->new_store->init, &w->out_store);
}

static void prepare_msix(struct world *w)
{
	world_ways(w);
	world_store(w, MOCK_MSIX);
}

/* ---- scenarios: allocation ---- */

static enum mirq_err alloc(struct world *w, struct mirq_irq_want want)
{
	want.size_bytes = sizeof(want);
	return mirq_irq_alloc(w->s->store, &want, &w->out_irqs);
}

static enum mirq_err call_alloc(struct world *w)
{
	return alloc(w, (struct mirq_irq_want){ .nr = 3 });
}

static void verify_alloc(struct world *w)
{
	mock_request(w->out_irqs, w->a);
	fire_all(w, w->out_irqs);
	assert_int_equal(mirq_irq_free(w->out_irqs), MIRQ_OK);
}

static enum mirq_err call_alloc_far(struct world *w)
{
	static const uint64_t bits[1] = { 0xa };

	return alloc(w, (struct mirq_irq_want){
				.nr = 8, .at = { 250, 290 }, .cpus = { { 0, 4 }, bits } });
}

static enum mirq_err call_alloc_best_effort(struct world *w)
{
	return alloc(w, (struct mirq_irq_want){ .nr = 3, .reserve = MIRQ_RESERVE_BEST_EFFORT });
}

static void prepare_ims(struct world *w)
{
	world_ways(w);
	world_store(w, MOCK_IMS);
}

static enum mirq_err call_alloc_cookies(struct world *w)
{
	static const uint64_t cookies[3] = { 7, 8, 9 };

	return alloc(w, (struct mirq_irq_want){ .nr = 3, .cookies = cookies });
}

static void prepare_level(struct world *w)
{
	world_ways(w);
	world_store(w, MOCK_LEVEL);
}

static enum mirq_err call_alloc_level(struct world *w)
{
	return alloc(w, (struct mirq_irq_want){ .nr = 2, .trigger = MIRQ_LEVEL_HIGH });
}

static void verify_reserved(struct world *w)
{
	assert_int_equal(mirq_irq_free(w->out_irqs), MIRQ_OK);
}

static void prepare_msi(struct world *w)
{
	world_ways(w);
	world_store(w, MOCK_MSI);
}

static enum mirq_err call_alloc_block(struct world *w)
{
	return alloc(w, (struct mirq_irq_want){ .nr = 4 });
}

static void prepare_msi_without_table(struct world *w)
{
	mock_start(w->m, 4);
	w->dev = mock_device(w->m, "dev", NULL);
	world_store(w, MOCK_MSI);
}

/* A second one beside interrupts that are live: attached and grown already. */
static void prepare_alloc_more(struct world *w)
{
	prepare_msix(w);
	(void)mock_alloc(w->s, 63);
}

/* ---- scenarios: requests ---- */

static void prepare_request(struct world *w)
{
	prepare_msix(w);
	w->irqs = mock_alloc(w->s, 3);
}

static enum mirq_err call_request(struct world *w)
{
	return mock_request_try(w->irqs, w->a, 0, NULL);
}

static void verify_request(struct world *w)
{
	fire_all(w, w->irqs);
}

static void prepare_request_late(struct world *w)
{
	prepare_msix(w);
	w->irqs = mock_alloc_want(
		w->s, (struct mirq_irq_want){ .nr = 3, .reserve = MIRQ_RESERVE_BEST_EFFORT });
}

static void prepare_request_again(struct world *w)
{
	prepare_request(w);
	mock_request(w->irqs, w->a);
	assert_int_equal(mirq_irq_release(w->irqs, NULL), MIRQ_OK);
}

/* Two of four have a handler already. */
static void prepare_join(struct world *w)
{
	struct mirq_irqs two;

	prepare_msix(w);
	w->irqs = two = mock_alloc(w->s, 4);
	two.slots.limit = 2;
	assert_int_equal(mock_request_try(two, w->b, MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
}

static enum mirq_err call_join(struct world *w)
{
	return mock_request_try(w->irqs, w->a, MIRQ_REQUEST_SHARED, NULL);
}

static void verify_join(struct world *w)
{
	uint64_t before = w->b[1].nr;

	fire_all(w, w->irqs);
	assert_int_equal(w->b[1].nr, before + 1);
}

static void prepare_sleeps(struct world *w)
{
	world_ways(w);
	world_store(w, MOCK_SLEEPS);
	w->irqs = mock_alloc(w->s, 3);
}

static void prepare_without_table(struct world *w)
{
	mock_start(w->m, 4);
	w->shim = mock_shim_new(w->m, "shim");
	assert_int_equal(mock_remapper_attach(w->shim), MIRQ_OK);
	w->dev = mock_device(w->m, "dev", w->shim->domain);
	world_store(w, MOCK_MSIX);
	w->irqs = mock_alloc_on(w->s, 2, 1);
}

static void prepare_block_request(struct world *w)
{
	prepare_msi(w);
	w->irqs = mock_alloc(w->s, 4);
}

/* ---- scenarios: moves ---- */

static void prepare_move(struct world *w)
{
	prepare_msix(w);
	w->irqs = mock_alloc_on(w->s, 3, 1);
	mock_request(w->irqs, w->a);
}

static enum mirq_err call_move(struct world *w)
{
	static const uint64_t bits[1] = { 0xc };

	return mirq_affinity_set(w->irqs, (struct mirq_cpus){ { 0, 4 }, bits }, NULL);
}

static void verify_move(struct world *w)
{
	struct mirq_info info;
	struct mirq_cpu_info cpu;

	fire_all(w, w->irqs);
	for (uint32_t i = 0; i < 4; i++)
		mirq_hosted_serve(&w->m->host, i);
	assert_int_equal(mirq_cpu_inspect(w->m->m, 1, &cpu), MIRQ_OK);
	assert_int_equal(cpu.nr_used, 0);
	mirq_inspect(w->m->m, &info);
	assert_int_equal(info.nr_quarantined, 0);
}

static void prepare_move_without_table(struct world *w)
{
	prepare_without_table(w);
	mock_request(w->irqs, w->a);
}

static void prepare_move_reserved(struct world *w)
{
	prepare_msix(w);
	w->irqs = mock_alloc_on(w->s, 3, 1);
}

/* ---- scenarios: what cannot fail ---- */

static enum mirq_err call_release(struct world *w)
{
	return mirq_irq_release(w->irqs, NULL);
}

static enum mirq_err call_free(struct world *w)
{
	return mirq_irq_free(w->irqs);
}

static enum mirq_err call_store_detach(struct world *w)
{
	struct mirq_store *store = w->s->store;

	w->s->store = NULL;
	return store ? mirq_store_detach(store) : MIRQ_OK;
}

static enum mirq_err call_device_detach(struct world *w)
{
	struct mirq_device *dev = w->dev;

	w->dev = NULL;
	return dev ? mirq_device_detach(dev) : MIRQ_OK;
}

static enum mirq_err call_atomic_ones(struct world *w)
{
	struct mirq_irqs one;
	struct mirq_msg msg;
	uint32_t cpu;

	mirq_irq_disable(w->irqs);
	mock_fire(w->s, 0);
	assert_int_equal(mirq_irq_enable(w->irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_resend(w->irqs), MIRQ_OK);
	mirq_irq_done(w->irqs);
	assert_int_equal(mirq_irq_sync(w->irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_compose(w->irqs, &msg), MIRQ_OK);
	assert_int_equal(mirq_affinity_effective(w->irqs, &cpu), MIRQ_OK);
	assert_int_equal(mirq_irq_find(w->m->m, mirq_irq_number(w->irqs), &one), MIRQ_OK);
	(void)mirq_irq_pending(w->irqs);
	(void)mock_deliver(w->m);
	return MIRQ_OK;
}

static const struct scenario scenarios[] = {
	{ "init", prepare_nothing, call_init, verify_nothing, { NULL } },
	{ "root_attach", prepare_system, call_root, verify_nothing, { NULL } },
	{ "cpu_add", prepare_root, call_cpu, verify_nothing, { NULL } },
	{ "cpu_online", prepare_cpu, call_online, verify_nothing, { "root.cpu_up" } },
	{ "remapper_attach", prepare_remapper, call_remapper, verify_nothing, { NULL } },
	{ "device_attach", world_ways, call_device, verify_nothing, { NULL } },
	{ "link_add", world_ways, call_link, verify_nothing, { NULL } },
	{ "store_attach", prepare_new_store, call_store, verify_nothing, { "store.setup" } },
	{ "alloc",
	  prepare_msix,
	  call_alloc,
	  verify_alloc,
	  { "shim.attach", "table.attach", "table.alloc" } },
	{ "alloc far, by bitmap", prepare_msix, call_alloc_far, verify_alloc, { "table.alloc" } },
	{ "alloc more", prepare_alloc_more, call_alloc, verify_alloc, { "table.alloc" } },
	{ "alloc best effort",
	  prepare_msix,
	  call_alloc_best_effort,
	  verify_alloc,
	  { "table.alloc" } },
	{ "alloc with cookies",
	  prepare_ims,
	  call_alloc_cookies,
	  verify_alloc,
	  { "store.slot_init", "table.alloc" } },
	{ "alloc level",
	  prepare_level,
	  call_alloc_level,
	  verify_reserved,
	  { "store.slot_init", "store.set_trigger", "table.alloc" } },
	{ "alloc block", prepare_msi, call_alloc_block, verify_alloc, { "table.alloc" } },
	{ "alloc block, no table",
	  prepare_msi_without_table,
	  call_alloc_block,
	  verify_alloc,
	  { NULL } },
	{ "request",
	  prepare_request,
	  call_request,
	  verify_request,
	  { "table.program", "table.flush", "store.enable", "store.flush", "shim.translate" } },
	{ "request best effort",
	  prepare_request_late,
	  call_request,
	  verify_request,
	  { "table.program", "table.flush", "store.enable", "store.flush", "shim.translate" } },
	{ "request again",
	  prepare_request_again,
	  call_request,
	  verify_request,
	  { "table.program", "table.flush", "store.enable", "store.flush" } },
	{ "request join",
	  prepare_join,
	  call_join,
	  verify_join,
	  { "table.program", "table.flush", "store.flush", "shim.translate" } },
	{ "request asleep",
	  prepare_sleeps,
	  call_request,
	  verify_request,
	  { "store.begin", "store.commit", "table.program", "store.enable", "store.flush" } },
	{ "request, no table",
	  prepare_without_table,
	  call_request,
	  verify_request,
	  { "shim.translate", "store.enable", "store.flush" } },
	{ "request block",
	  prepare_block_request,
	  call_request,
	  verify_request,
	  { "table.program", "table.flush", "store.enable", "store.flush", "shim.translate" } },
	{ "move", prepare_move, call_move, verify_move, { "+table.program", "+table.flush" } },
	{ "move, no table",
	  prepare_move_without_table,
	  call_move,
	  verify_move,
	  { "+store.flush" } },
	{ "move reserved", prepare_move_reserved, call_move, verify_nothing, { NULL } },
	{ "release",
	  prepare_move,
	  call_release,
	  verify_nothing,
	  { "-table.flush", "-store.flush" } },
	{ "free", prepare_move, call_free, verify_nothing, { "-table.flush", "-store.flush" } },
	{ "free, no table",
	  prepare_move_without_table,
	  call_free,
	  verify_nothing,
	  { "-store.flush" } },
	{ "store_detach",
	  prepare_move,
	  call_store_detach,
	  verify_nothing,
	  { "-table.flush", "-store.flush" } },
	{ "device_detach",
	  prepare_move,
	  call_device_detach,
	  verify_nothing,
	  { "-table.flush", "-store.flush" } },
	{ "atomic calls", prepare_move, call_atomic_ones, verify_nothing, { NULL } },
};

/* ---- memory ---- */

struct memory {
	int64_t bytes, nr;
};

static struct memory memory_of(struct world *w)
{
	struct memory now = { atomic_load(&w->m->host.live_bytes),
			      atomic_load(&w->m->host.nr_live) };

	return now;
}

static int64_t node_bytes(void)
{
	struct mirqi_sparse sparse;
	struct mirq_host host;
	int64_t bytes;

	memset(&sparse, 0, sizeof(sparse));
	mirq_hosted_init(&host);
	assert_int_equal(mirqi_sparse_grow(&sparse, &host, (struct mirq_range){ 0, 1 }), MIRQ_OK);
	assert_int_equal(host.nr_live, 1);
	bytes = host.live_bytes;
	mirqi_sparse_fini(&sparse, &host);
	mirq_hosted_fini(&host);
	return bytes;
}

/* Nothing but nodes of sparse arrays is left, and few of them. */
static void check_memory(const struct scenario *sc, uint64_t n, struct memory before,
			 struct memory after)
{
	int64_t nr = after.nr - before.nr;

	if (nr < 0 || nr > MAX_NODES || after.bytes - before.bytes != nr * node_bytes())
		fail_msg("%s, memory call %llu: %lld objects, %lld bytes are left", sc->name,
			 (unsigned long long)n, (long long)nr,
			 (long long)(after.bytes - before.bytes));
}

static void check_out(const struct scenario *sc, const struct world *w)
{
	if (w->out_m || w->out_dev || w->out_store || w->out_domain || w->out_irqs.store ||
	    w->out_irqs.slots.first || w->out_irqs.slots.limit)
		fail_msg("%s: an out parameter was written by a call that failed", sc->name);
}

static void retry(const struct scenario *sc, struct world *w)
{
	enum mirq_err err = sc->call(w);

	if (err)
		fail_msg("%s: the next try failed: %s", sc->name, mirq_err_text(err));
	if (w->new_store)
		w->new_store->store = w->out_store;
}

/* Memory use after a success that nothing disturbed. */
static struct memory undisturbed(const struct scenario *sc)
{
	struct memory used;
	struct world w;

	world_begin(&w);
	sc->prepare(&w);
	retry(sc, &w);
	used = memory_of(&w);
	sc->verify(&w);
	world_free(&w);
	return used;
}

/* Memory call number @n fails. 0: the call makes fewer. */
static int fail_memory(const struct scenario *sc, uint64_t n, int persistent, struct memory used)
{
	struct memory start, left;
	char *before, *after;
	enum mirq_err err;
	struct world w;
	int is_reached;

	world_begin(&w);
	sc->prepare(&w);
	before = show(&w);
	start = memory_of(&w);
	mirq_hosted_fail(&w.m->host, n, persistent);
	err = sc->call(&w);
	is_reached = atomic_load(&w.m->host.nr_calls) >= n;
	if (is_reached) {
		nr_memory++;
		if (err != MIRQ_ENOMEM)
			fail_msg("%s, memory call %llu fails: %d", sc->name, (unsigned long long)n,
				 err);
		left = memory_of(&w);
		check_memory(sc, n, start, left);
		check_out(sc, &w);
		/* Without any memory nothing is taken. */
		mirq_hosted_fail(&w.m->host, 1, 1);
		assert_int_equal(sc->call(&w), MIRQ_ENOMEM);
		nr_memory++;
		assert_int_equal(memory_of(&w).bytes, left.bytes);
		check_out(sc, &w);
		mirq_hosted_fail(&w.m->host, 0, 0);
		after = show(&w);
		check_same(sc, "memory call", n, before, after);
		free(after);
		if (w.m->m)
			mock_sound(w.m);
		retry(sc, &w);
		/* What was left behind is used now. */
		assert_int_equal(memory_of(&w).bytes, used.bytes);
		assert_int_equal(memory_of(&w).nr, used.nr);
	} else {
		mirq_hosted_fail(&w.m->host, 0, 0);
		assert_int_equal(err, MIRQ_OK);
	}
	if (w.new_store)
		w.new_store->store = w.out_store;
	sc->verify(&w);
	mock_sound(w.m);
	free(before);
	world_free(&w);
	return is_reached;
}

static void memory__each_call_fails__nothing_changes(void **state)
{
	(void)state;
	for (const struct scenario *sc = scenarios; sc < scenarios + MOCK_NR(scenarios); sc++) {
		struct memory used = undisturbed(sc);

		for (int persistent = 0; persistent < 2; persistent++)
			for (uint64_t n = 1; fail_memory(sc, n, persistent, used); n++)
				;
	}
	print_message("failures injected: %llu, of memory\n", (unsigned long long)nr_memory);
	assert_true(nr_memory > 150);
}

/* Calls for atomic context, and those that cannot fail, need no memory. */
static void memory__calls_that_cannot_fail__ask_for_none(void **state)
{
	static const char *const names[] = { "release",      "free",          "free, no table",
					     "store_detach", "device_detach", "atomic calls" };
	struct world w;

	(void)state;
	for (const struct scenario *sc = scenarios; sc < scenarios + MOCK_NR(scenarios); sc++)
		for (uint32_t i = 0; i < MOCK_NR(names); i++) {
			if (strcmp(sc->name, names[i]))
				continue;
			world_begin(&w);
			sc->prepare(&w);
			mirq_hosted_fail(&w.m->host, 0, 0);
			assert_int_equal(sc->call(&w), MIRQ_OK);
			assert_int_equal(w.m->host.nr_calls, 0);
			world_free(&w);
		}
}

/* ---- hardware ---- */

static uint32_t nr_quarantined(struct world *w)
{
	struct mirq_info info = { 0 };

	if (w->m->m)
		mirq_inspect(w->m->m, &info);
	return info.nr_quarantined;
}

/* Both ways of a move that hardware did not confirm bring events. */
static void check_both_alive(struct world *w)
{
	for (uint32_t i = 0; i < mirq_irq_count(w->irqs); i++) {
		struct mirq_irq *irq = mirqi_irq(w->s->store, w->irqs.slots.first + i);
		uint64_t before = w->a[i].nr;

		mirq_hosted_dispatch(&w->m->host, irq->route.cpu, irq->route.id);
		mirq_hosted_dispatch(&w->m->host, irq->other.cpu, irq->other.id);
		assert_int_equal(w->a[i].nr, before + 2);
	}
}

/* Call number @n of @op fails, once or for good. 0: fewer are made. */
static int fail_hardware(const struct scenario *sc, const char *op, uint64_t n, int persistent)
{
	enum mirq_err told = strstr(op, "alloc") ? MIRQ_ENOSPC : MIRQ_EIO, err;
	int may_succeed = *op == '-', both_alive = *op == '+', is_reached;
	const char *name = op + (may_succeed || both_alive);
	char *before, *after;
	struct world w;

	world_begin(&w);
	sc->prepare(&w);
	before = show(&w);
	mock_forget(w.m);
	mock_fail(w.m, name, n, persistent ? 0 : 1, told);
	err = sc->call(&w);
	is_reached = mock_count(w.m, name) >= n;
	mock_fail_never(w.m);
	mock_sound(w.m);
	if (is_reached) {
		nr_hardware++;
		if ((err == MIRQ_OK) != may_succeed)
			fail_msg("%s, %s %llu fails: %d", sc->name, name, (unsigned long long)n,
				 err);
		if (err) {
			assert_int_equal(err, strstr(op, "translate") ? MIRQ_ENOTSUP : told);
			check_out(sc, &w);
		}
		after = show(&w);
		if (err && both_alive)
			check_both_alive(&w);
		else if (err && !nr_quarantined(&w))
			check_same(sc, name, n, before, after);
		else if (err && !persistent)
			fail_msg("%s, %s %llu: quarantine though hardware lives", sc->name, name,
				 (unsigned long long)n);
		free(after);
		if (err)
			retry(sc, &w);
	} else {
		assert_int_equal(err, MIRQ_OK);
	}
	if (w.new_store)
		w.new_store->store = w.out_store;
	sc->verify(&w);
	mock_sound(w.m);
	free(before);
	world_free(&w);
	return is_reached;
}

static void hardware__each_op_fails__nothing_changes_or_is_quarantined(void **state)
{
	(void)state;
	for (const struct scenario *sc = scenarios; sc < scenarios + MOCK_NR(scenarios); sc++)
		for (uint32_t i = 0; i < MOCK_NR(sc->ops) && sc->ops[i]; i++)
			for (int persistent = 0; persistent < 2; persistent++) {
				uint64_t n = 1;

				while (fail_hardware(sc, sc->ops[i], n, persistent))
					n++;
				if (n == 1)
					fail_msg("%s never calls %s", sc->name, sc->ops[i]);
			}
	print_message("failures injected: %llu, of hardware\n", (unsigned long long)nr_hardware);
	assert_true(nr_hardware > 130);
}

/* Nothing answers any more: everything goes all the same, and the system ends. */
static void hardware__all_of_it_dead__everything_can_be_taken_away(void **state)
{
	static const char *const dead[] = { "table.flush", "table.program", "store.flush",
					    "store.enable" };
	struct mirq_irqs irqs;
	struct world w;

	(void)state;
	world_begin(&w);
	prepare_move(&w);
	for (uint32_t i = 0; i < MOCK_NR(dead); i++)
		mock_fail(w.m, dead[i], 1, 0, MIRQ_EIO);
	irqs = mock_alloc(w.s, 2);
	assert_int_equal(mock_request_try(irqs, w.b, 0, NULL), MIRQ_EIO);
	assert_int_equal(call_move(&w), MIRQ_EIO);
	assert_int_equal(mirq_irq_release(w.irqs, NULL), MIRQ_OK);
	assert_int_equal(mirq_irq_free(w.irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	assert_int_equal(nr_quarantined(&w), 5);
	nr_hardware += mock_count(w.m, "table.flush");
	mock_sound(w.m);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory__each_call_fails__nothing_changes),
		cmocka_unit_test(memory__calls_that_cannot_fail__ask_for_none),
		cmocka_unit_test(hardware__each_op_fails__nothing_changes_or_is_quarantined),
		cmocka_unit_test(hardware__all_of_it_dead__everything_can_be_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
