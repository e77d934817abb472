#define HEADER 0x60040000
const hal_logic_partition_t hal_logic_partition[] = {
    [HAL_PARTITION_APPLICATION].partition_owner = HAL_FLASH_EMBEDDED,
    [HAL_PARTITION_APPLICATION].partition_description = "App",
    [HAL_PARTITION_APPLICATION].partition_start_addr = HEADER,
    [HAL_PARTITION_APPLICATION].partition_length = 0x400000,
    [HAL_PARTITION_APPLICATION].partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN,
    [HAL_PARTITION_PARAMETER_2].partition_start_addr = HEADER + 0x400000,
    [HAL_PARTITION_PARAMETER_2].partition_length = 1024 * 128,
    [HAL_PARTITION_PARAMETER_2].partition_options = PAR_OPT_READ_EN,
};
