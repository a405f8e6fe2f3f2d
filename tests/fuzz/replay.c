/* SPDX-License-Identifier: MIT */
/*
 * replay.c - a fuzz target over files, without a fuzzer: seeds, and inputs that crashed once.
 *
 * usage: replay_NAME FILE|FOLDER...
 * Each file also runs cut short at every length up to 512 and with every one of its first 512 bytes
 * changed. Prints how many inputs ran.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

#define NEAR_BYTES 512

static uint64_t nr_inputs;

/* A copy of exact size, so that a sanitizer sees the first byte behind it. */
static void run(const uint8_t *bytes, size_t size_bytes)
{
	uint8_t *copy = malloc(size_bytes ? size_bytes : 1);

	if (size_bytes)
		memcpy(copy, bytes, size_bytes);
	LLVMFuzzerTestOneInput(copy, size_bytes);
	free(copy);
	nr_inputs++;
}

static void run_variants(uint8_t *bytes, size_t size_bytes)
{
	size_t near = size_bytes < NEAR_BYTES ? size_bytes : NEAR_BYTES;

	run(bytes, size_bytes);
	for (size_t i = 0; i < near; i++) {
		uint8_t was = bytes[i];

		run(bytes, i);
		bytes[i] = (uint8_t)~was;
		run(bytes, size_bytes);
		bytes[i] = (uint8_t)(was + 1);
		run(bytes, size_bytes);
		bytes[i] = was;
	}
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 20);
	size_t size_bytes;

	if (!file) {
		fprintf(stderr, "cannot read %s\n", path);
		free(bytes);
		return 1;
	}
	size_bytes = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	run_variants(bytes, size_bytes);
	free(bytes);
	return 0;
}

static int run_folder(const char *path)
{
	struct dirent **entries;
	int nr = scandir(path, &entries, NULL, alphasort), failed = 0;
	char name[4096];

	if (nr < 0) {
		fprintf(stderr, "cannot read the folder %s\n", path);
		return 1;
	}
	for (int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			failed |= run_file(name);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

int main(int argc, char **argv)
{
	struct stat about;
	int failed = argc < 2;

	for (int i = 1; i < argc; i++)
		failed |= !stat(argv[i], &about) && S_ISDIR(about.st_mode) ? run_folder(argv[i])
									   : run_file(argv[i]);
	printf("%llu inputs\n", (unsigned long long)nr_inputs);
	return failed || !nr_inputs;
}
