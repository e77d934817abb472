const hal_logic_partition_t hal_partitions[] =
{
	[HAL_PARTITION_PARAMETER_1] = {
		.partition_owner            = HAL_FLASH_EMBEDDED,
        .partition_start_addr	= 0x3E000,
		.partition_length = 0x2000
	}
};
