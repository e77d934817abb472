const hal_logic_partition_t hal_partitions[] = {
    [HAL_PARTITION_RTOSA] = {.partition_start_addr = 0x2A000, .partition_length = 0x578000},
    [HAL_PARTITION_RTOSB] = {.partition_start_addr = 0x5BA000, .partition_length = 0x578000},
    [HAL_PARTITION_LITTLEFS] = {.partition_start_addr = 0xB32000, .partition_length = 0x1000},
    [HAL_PARTITION_MY_OWN] = {.partition_start_addr = 0xB33000, .partition_length = 0x1000},
};
