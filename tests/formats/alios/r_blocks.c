static int flash_partitions_init(void)
{
    static aos_flashpart_t partitions[] = {
        {
            .dev = { .id = HAL_PARTITION_APPLICATION, },
            .flash_id = 0,
            .block_start = 0x2A,
            .block_count = 0x578,
        },
        {
            .dev.id = HAL_PARTITION_ENV_REDUND,
            .flash_id = 0,
            .block_start = 0xFFE,
            .block_count = 0x2,
        },
    };
    return 0;
}
LEVEL1_DRIVER_ENTRY(flash_partitions_init)
