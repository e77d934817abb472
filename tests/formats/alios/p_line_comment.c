const hal_logic_partition_t hal_partitions[] = {
    [HAL_PARTITION_PARAMETER_2] = {
        .partition_start_addr = 0x11000,
        .partition_length = 0x2000, //* 8k bytes */
        .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN,
    },
};
