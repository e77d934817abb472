hal_logic_partition_t hal_partitions[HAL_PARTITION_MAX];

void board_init(void)
{
    hal_partitions[HAL_PARTITION_APPLICATION].partition_owner = HAL_FLASH_EMBEDDED;
    hal_partitions[HAL_PARTITION_APPLICATION].partition_description = "Application";
    hal_partitions[HAL_PARTITION_APPLICATION].partition_start_addr = 0x08000000;
    hal_partitions[HAL_PARTITION_APPLICATION].partition_length = 0x5C000; //368k bytes
    hal_partitions[HAL_PARTITION_APPLICATION].partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN;

    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_owner = HAL_FLASH_SPI;
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_description = "PARAMETER1";
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_start_addr = 0x0805C000;
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_length = 0x1000;
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_options = PAR_OPT_READ_EN;
}
