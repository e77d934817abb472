const hal_logic_partition_t hal_partitions[] = {
#if 0
    [HAL_PARTITION_APPLICATION] = {.partition_start_addr = 0x1000, .partition_length = 0x1000},
#else
    [HAL_PARTITION_APPLICATION] = {.partition_start_addr = 0x2000, .partition_length = 0x2000},
#endif
#if 1
    [HAL_PARTITION_ATE] = {.partition_start_addr = 0x4000, .partition_length = 0x1000},
#endif
};
