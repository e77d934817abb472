const hal_logic_partition_t hal_partitions[] = {
//    [HAL_PARTITION_BOOTLOADER] = {.partition_start_addr = 0x0, .partition_length = 0x1000},
    [HAL_PARTITION_APPLICATION] = {.partition_start_addr = 0x2000, .partition_length = 0x2000},
/*  [HAL_PARTITION_ATE] = {.partition_start_addr = 0x4000, .partition_length = 0x1000}, */
};
