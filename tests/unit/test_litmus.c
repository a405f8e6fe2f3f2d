/* SPDX-License-Identifier: MIT */
/*
 * The section protocol of src/core/dispatch.c on real threads: CPUs that dispatch without a lock
 * against a thread that releases and frees what they may be looking at. Invariant I2: no call of
 * an action begins after its release returned. With ASan: nothing freed is touched; with TSan: no
 * race.
 *
 * The dispatching threads take ids all the time, whether they are given out or not, as a device
 * that does not stop would. They share nothing with the releasing thread but the library.
 */
#include "mock.h"

#include <stdlib.h>

#define NR_CPUS 2
#define NR_SLOTS 4
#define FIRST_ID 32
#define MAX_NS UINT64_C(700000000)

/* What the handlers of one life see. Allocated for it, and freed after its release. */
struct life {
	_Atomic uint64_t nr_calls;
	_Atomic uint32_t is_released, is_running;
	uint32_t nr_spins; /* how long a call takes */
	struct storm *storm;
};

struct storm {
	struct mock *m;
	struct mock_store *s;
	_Atomic int is_over;
	_Atomic uint64_t nr_dispatched, nr_late_calls, nr_overlaps;
	uint64_t nr_handled, nr_lives;
};

struct taker {
	struct storm *storm;
	uint32_t cpu;
};

/* Relaxed on purpose: the test must not order what the library should. */
static enum mirq_handled count_call(void *context)
{
	struct life *life = context;

	if (atomic_load_explicit(&life->is_released, memory_order_relaxed))
		atomic_fetch_add_explicit(&life->storm->nr_late_calls, 1, memory_order_relaxed);
	if (atomic_fetch_add_explicit(&life->is_running, 1, memory_order_relaxed))
		atomic_fetch_add_explicit(&life->storm->nr_overlaps, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&life->nr_calls, 1, memory_order_relaxed);
	for (uint32_t i = 0; i < life->nr_spins; i++)
		(void)atomic_load_explicit(&life->is_running, memory_order_relaxed);
	atomic_fetch_sub_explicit(&life->is_running, 1, memory_order_relaxed);
	return MIRQ_HANDLED;
}

static void *take_ids(void *context)
{
	struct taker *t = context;
	struct mock *m = t->storm->m;
	uint64_t nr = 0;

	mirq_hosted_bind(t->cpu);
	while (!atomic_load_explicit(&t->storm->is_over, memory_order_relaxed)) {
		mirq_hosted_dispatch(&m->host, t->cpu, FIRST_ID + (uint32_t)(nr % NR_SLOTS));
		if (++nr % 16 == 0) /* serves kicks, and lets the other threads run */
			mirq_host_wait(&m->host, MIRQ_WAIT_SLEEP);
	}
	atomic_fetch_add(&t->storm->nr_dispatched, nr);
	return NULL;
}

/* Thread context, on a CPU of its own that takes nothing. */
static void start(struct storm *storm, pthread_t threads[], struct taker takers[])
{
	struct mock *m = mock_new();

	storm->m = m;
	m->is_quiet = 1;
	m->root.ops.eoi = NULL;
	m->root.init.ids = (struct mirq_range){ FIRST_ID, FIRST_ID + NR_SLOTS };
	mock_start(m, NR_CPUS + 1);
	m->host.has_threads = 1;
	storm->s = mock_store(m, MOCK_MSIX, "msix", NR_SLOTS);
	mock_store_attach(storm->s, mock_device(m, "dev", NULL));
	mirq_hosted_bind(NR_CPUS);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		takers[cpu] = (struct taker){ storm, cpu };
		assert_int_equal(pthread_create(&threads[cpu], NULL, take_ids, &takers[cpu]), 0);
	}
}

static void end(struct storm *storm, pthread_t threads[])
{
	atomic_store(&storm->is_over, 1);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		assert_int_equal(pthread_join(threads[cpu], NULL), 0);
	storm->m->host.has_threads = 0;
	mirq_hosted_bind(0);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		mirq_hosted_serve(&storm->m->host, cpu);
	assert_int_equal(storm->nr_late_calls, 0);
	assert_int_equal(storm->nr_overlaps, 0);
	assert_true(storm->nr_handled > 0);
	print_message("# %llu lives, %llu dispatches, %llu handler calls\n",
		      (unsigned long long)storm->nr_lives, (unsigned long long)storm->nr_dispatched,
		      (unsigned long long)storm->nr_handled);
	mock_free(storm->m);
}

static struct life *life_new(struct storm *storm)
{
	struct life *life = calloc(1, sizeof(*life));

	assert_non_null(life);
	life->storm = storm;
	return life;
}

/* From now on the memory of @life is nobody's. */
static void life_over(struct life *life)
{
	atomic_store_explicit(&life->is_released, 1, memory_order_relaxed);
	if (atomic_load_explicit(&life->is_running, memory_order_relaxed))
		atomic_fetch_add(&life->storm->nr_late_calls, 1);
	life->storm->nr_handled += atomic_load_explicit(&life->nr_calls, memory_order_relaxed);
	life->storm->nr_lives++;
	free(life);
}

static enum mirq_err request(struct mirq_irqs irqs, struct life *life, uint32_t flags)
{
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = count_call,
				      .context = life, .flags = flags };

	return mirq_irq_request(irqs, &h);
}

/* An allocation may have to wait for ids that retire: the takers serve them. */
static int try_alloc(struct storm *storm, uint32_t cpu, struct mirq_irqs *out_irqs)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 1,
				      .cpus = mirq_cpus_one(cpu) };

	return mirq_irq_alloc(storm->s->store, &want, out_irqs) == MIRQ_OK;
}

/* Enough lives or time; on a busy machine as much time as it takes to see calls at all. */
static int is_time(struct storm *storm, uint64_t end_ns)
{
	uint64_t now_ns = mirq_host_now_ns(&storm->m->host);

	if (storm->nr_handled < 10)
		return now_ns < end_ns + 20 * MAX_NS;
	return storm->nr_lives < 200000 && now_ns < end_ns;
}

/* Every other life is ended while its handler is being called, if a CPU comes by; some wait for
 * it, so that calls are seen on a busy machine too. */
static void let_it_live(struct storm *storm, const struct life *life)
{
	struct mirq_host *host = &storm->m->host;
	uint64_t end_ns = mirq_host_now_ns(host) + MAX_NS / 2;

	for (uint32_t i = 0; storm->nr_lives % 2 && i < 5000; i++)
		if (atomic_load_explicit(&life->nr_calls, memory_order_relaxed))
			return;
	while (storm->nr_lives % 128 == 1 && mirq_host_now_ns(host) < end_ns &&
	       !atomic_load_explicit(&life->nr_calls, memory_order_relaxed))
		mirq_host_wait(host, MIRQ_WAIT_SLEEP);
}

static void release__while_cpus_dispatch__no_call_after_it(void **state)
{
	struct storm storm = { 0 };
	struct taker takers[NR_CPUS];
	pthread_t threads[NR_CPUS];
	struct mirq_irqs irqs;
	uint64_t end_ns;

	(void)state;
	start(&storm, threads, takers);
	assert_true(try_alloc(&storm, 0, &irqs));
	end_ns = mirq_host_now_ns(&storm.m->host) + MAX_NS;
	while (is_time(&storm, end_ns)) {
		struct life *life = life_new(&storm);

		assert_int_equal(request(irqs, life, 0), MIRQ_OK);
		let_it_live(&storm, life);
		assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
		life_over(life);
	}
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	end(&storm, threads);
}

static void free__while_cpus_dispatch__nothing_freed_is_touched(void **state)
{
	struct storm storm = { 0 };
	struct taker takers[NR_CPUS];
	pthread_t threads[NR_CPUS];
	uint32_t cpu = 0;
	uint64_t end_ns;

	(void)state;
	start(&storm, threads, takers);
	end_ns = mirq_host_now_ns(&storm.m->host) + MAX_NS;
	while (is_time(&storm, end_ns)) {
		struct life *life;
		struct mirq_irqs irqs;

		if (!try_alloc(&storm, cpu++ % NR_CPUS, &irqs))
			continue;
		life = life_new(&storm);
		assert_int_equal(request(irqs, life, 0), MIRQ_OK);
		let_it_live(&storm, life);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		life_over(life);
	}
	end(&storm, threads);
}

/* One of two actions is taken away while the other one goes on. */
static void release__of_one_shared_action__no_call_after_it(void **state)
{
	struct storm storm = { 0 };
	struct taker takers[NR_CPUS];
	struct life *stays = life_new(&storm);
	pthread_t threads[NR_CPUS];
	struct mirq_irqs irqs;
	uint64_t end_ns;

	(void)state;
	start(&storm, threads, takers);
	assert_true(try_alloc(&storm, 0, &irqs));
	assert_int_equal(request(irqs, stays, MIRQ_REQUEST_SHARED), MIRQ_OK);
	end_ns = mirq_host_now_ns(&storm.m->host) + MAX_NS;
	while (is_time(&storm, end_ns)) {
		struct life *life = life_new(&storm);
		struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = count_call,
					      .context = life };

		assert_int_equal(request(irqs, life, MIRQ_REQUEST_SHARED), MIRQ_OK);
		let_it_live(&storm, life);
		assert_int_equal(mirq_irq_release(irqs, &h), MIRQ_OK);
		life_over(life);
	}
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	life_over(stays);
	end(&storm, threads);
}

/* Moved from CPU to CPU and then freed: a handler that runs on the old one is waited for too. */
static void free__after_a_move__old_cpu_is_waited_for(void **state)
{
	struct storm storm = { 0 };
	struct taker takers[NR_CPUS];
	pthread_t threads[NR_CPUS];
	uint64_t end_ns, nr_moved = 0;
	uint32_t cpu = 0;

	(void)state;
	start(&storm, threads, takers);
	end_ns = mirq_host_now_ns(&storm.m->host) + MAX_NS;
	while (is_time(&storm, end_ns)) {
		struct life *life;
		struct mirq_irqs irqs;

		if (!try_alloc(&storm, cpu++ % NR_CPUS, &irqs))
			continue;
		life = life_new(&storm);
		life->nr_spins = 20000;
		assert_int_equal(request(irqs, life, 0), MIRQ_OK);
		let_it_live(&storm, life);
		nr_moved += !mirq_affinity_set(irqs, mirq_cpus_one(cpu % NR_CPUS), NULL);
		if (storm.nr_lives % 4 == 0) {
			mirq_irq_disable(irqs);
			assert_int_equal(mirq_irq_sync(irqs), MIRQ_OK);
			assert_int_equal(life->is_running, 0);
			assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
		}
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		life_over(life);
	}
	assert_true(nr_moved > 0);
	end(&storm, threads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(release__while_cpus_dispatch__no_call_after_it),
		cmocka_unit_test(free__while_cpus_dispatch__nothing_freed_is_touched),
		cmocka_unit_test(release__of_one_shared_action__no_call_after_it),
		cmocka_unit_test(free__after_a_move__old_cpu_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
