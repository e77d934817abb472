#define BLOCK_SIZE (4 * 1024UL)
#define KV_START (SPI_FLASH_CAPACITY - 3 * BLOCK_SIZE)
#define APP_SIZE ((SPI_FLASH_CAPACITY / 2) - 0x8000 - 4 * 0x1000)
const hal_logic_partition_t hal_partitions[] = {
    [HAL_PARTITION_APPLICATION] = {
        .partition_start_addr = 0x8000,
        .partition_length = APP_SIZE,
    },
    [HAL_PARTITION_PARAMETER_2] = {
        .partition_start_addr = KV_START,
        .partition_length = BLOCK_SIZE * 2,
        .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN,
    },
    [HAL_PARTITION_PARAMETER_4] = {
        .partition_start_addr = 0x0805C000 + 0x20000,
        .partition_length = (1024*120),
    },
};
