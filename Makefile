# SPDX-License-Identifier: MIT
# Thin: the build is meson.build, the checks are scripts/check, the machines kernel/scenarios.toml.
.POSIX:
.SUFFIXES:
MACHINE =
SEED =
BUILD = build/native
TIME = 120

help:
	@echo 'make run [SEED=7]       mirq on a simulated server, in this process: traffic, moves,'
	@echo '                        forged messages; last line: verdict: PASS ...'
	@echo 'make run MACHINE=q35    the reference kernel under QEMU, on a machine of'
	@echo '                        kernel/scenarios.toml; last line: verdict: PASS ...'
	@echo 'make check              what gates a change: styles, builds, tests, packaging, QEMU'
	@echo 'make check-all          the same with the long machines'
	@echo 'make build              only the library, its tests and the kernel, into $(BUILD)'
	@echo 'make test               only the unit tests'
	@echo 'make replay SEED=...    one explored run again, step by step; SEED is the word that a'
	@echo '                        failure prints, as move@6:1,40:1 or move@random:1'
	@echo 'make mutants            plant the defects of tests/mutants and see each one caught'
	@echo 'make fuzz [TIME=120]    fuzz all that reads what others wrote, for so many seconds'
	@echo 'make format             lay out the C files as scripts/check-format wants them'
	@echo 'make machines           the names that MACHINE= takes'
	@echo 'make clean              remove everything that was built'

build:
	@scripts/bootstrap build
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) >/dev/null
	@output=$$(ninja -C $(BUILD) --quiet) || { printf '%s\n' "$$output"; exit 1; }; \
	case $$output in '' | *'no work to do.') ;; *) printf '%s\n' "$$output" ;; esac

# Without a machine: nothing but what the build needs.
run:
	@[ -n '$(MACHINE)' ] || exec $(MAKE) -s --no-print-directory story
	@[ -z '$(MACHINE)' ] || exec $(MAKE) -s --no-print-directory boot

story: build
	@seed='$(SEED)'; exec $(BUILD)/tool/mirq sim --seed "$${seed:-1}"

boot:
	@scripts/bootstrap run
	@$(MAKE) -s --no-print-directory build
	@scripts/run-machine --build $(BUILD) $(MACHINE)

test: build
	@meson test -C $(BUILD) --print-errorlogs

replay: build
	@$(BUILD)/tests/sim/explore '$(SEED)' --story

check:
	@scripts/bootstrap check
	@scripts/check

check-all:
	@scripts/bootstrap check
	@scripts/check --all

mutants: build
	@scripts/bootstrap check
	@scripts/mutants --build $(BUILD)

fuzz:
	@scripts/bootstrap check
	@scripts/fuzz --time $(TIME)

format:
	@scripts/check-format --fix

machines:
	@scripts/run-machine --list

clean:
	rm -rf build

.PHONY: help build run story boot test replay check check-all mutants fuzz format machines clean
