/*
 * A flash in memory beneath MCUboot's own simulator support (sim/mcuboot-sys/csupport/run.c), for
 * test_mcuboot_oracle.py: areas as they are asked for, and a list of what was erased and programmed.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bootutil/bootutil.h>
#include <bootutil/image.h>
#include <flash_map_backend/flash_map_backend.h>
#include <sysflash/sysflash.h>

#define FLASH_SIZE (1u << 20)
#define MOST_OPERATIONS 400000

/* As in run.c, which shares these with the simulator by layout alone. */
struct area {
    struct flash_area whole;
    struct flash_area *areas;
    uint32_t num_areas;
    uint8_t id;
};
struct area_desc {
    struct area slots[16];
    uint32_t num_slots;
};
struct sim_context {
    int flash_counter;
    int jumped;
    uint8_t c_asserts;
    uint8_t c_catch_asserts;
    jmp_buf boot_jmpbuf;
};

/* kind 0: erased [start, start + size); kind 1: one program unit that is not all erased bytes. */
struct operation {
    uint32_t kind, start, size;
};

static uint8_t flash[FLASH_SIZE];
static unsigned unit;
static struct area_desc areas;
static struct sim_context context;
static struct operation operations[MOST_OPERATIONS];
static int count;

int invoke_boot_go(struct sim_context *, struct area_desc *, struct boot_rsp *, int);

struct area_desc *sim_get_flash_areas(void) { return &areas; }
void sim_set_flash_areas(struct area_desc *asked) { (void)asked; }
void sim_reset_flash_areas(void) {}
struct sim_context *sim_get_context(void) { return &context; }
void sim_set_context(struct sim_context *asked) { (void)asked; }
void sim_reset_context(void) {}
int sim_log_enabled(int level) { (void)level; return 0; }
uint32_t sim_flash_align(uint8_t id) { (void)id; return unit; }
uint8_t sim_flash_erased_val(uint8_t id) { (void)id; return 0xFF; }

static void note(uint32_t kind, uint32_t start, uint32_t size)
{
    if (count < MOST_OPERATIONS) {
        operations[count++] = (struct operation){kind, start, size};
    }
}

int sim_flash_erase(uint8_t id, uint32_t start, uint32_t size)
{
    (void)id;
    note(0, start, size);
    memset(flash + start, 0xFF, size);
    return 0;
}

int sim_flash_read(uint8_t id, uint32_t start, uint8_t *to, uint32_t size)
{
    (void)id;
    memcpy(to, flash + start, size);
    return 0;
}

int sim_flash_write(uint8_t id, uint32_t start, const uint8_t *from, uint32_t size)
{
    (void)id;
    for (uint32_t at = 0; at < size; at++) {
        if (from[at] != 0xFF) {
            note(1, start + at / unit * unit, unit);
            at = at / unit * unit + unit - 1;
        }
    }
    memcpy(flash + start, from, size);
    return 0;
}

/* The assertions of MCUboot stop the boot, not the program. */
void __assert_fail(const char *what, const char *file, unsigned line, const char *function)
{
    (void)what; (void)file; (void)line; (void)function;
    context.jumped = 1;
    longjmp(context.boot_jmpbuf, 1);
}

static void add(int id, uint32_t start, uint32_t size, uint32_t block)
{
    struct area *area = &areas.slots[areas.num_slots++];
    area->id = id;
    area->whole = (struct flash_area){.fa_id = id, .fa_off = start, .fa_size = size};
    area->num_areas = size / block;
    area->areas = calloc(area->num_areas, sizeof(struct flash_area));
    for (uint32_t i = 0; i < area->num_areas; i++) {
        area->areas[i] = (struct flash_area){
            .fa_id = id, .fa_off = start + i * block, .fa_size = block};
    }
}

/* For each area its start, its size (0: none) and the size of its erase blocks. */
void shim_setup(const uint32_t *given, unsigned program_unit)
{
    const int ids[] = {
        FLASH_AREA_IMAGE_PRIMARY(0), FLASH_AREA_IMAGE_SECONDARY(0), FLASH_AREA_IMAGE_SCRATCH};
    unit = program_unit;
    areas.num_slots = 0;
    for (int i = 0; i < 3; i++) {
        if (given[3 * i + 1] != 0) {
            add(ids[i], given[3 * i], given[3 * i + 1], given[3 * i + 2]);
        }
    }
}

uint8_t *shim_flash(void) { return flash; }
struct operation *shim_operations(void) { return operations; }

/* Boot once; the number of operations, or -1 - that number where nothing is started. */
int shim_boot(uint32_t *offset)
{
    struct boot_rsp rsp;
    int failed;

    memset(&rsp, 0, sizeof(rsp));
    memset(&context, 0, sizeof(context));
    count = 0;
    failed = invoke_boot_go(&context, &areas, &rsp, -1) != 0 || context.jumped;
    *offset = rsp.br_image_off;
    return failed ? -1 - count : count;
}
