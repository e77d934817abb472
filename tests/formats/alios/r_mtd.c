const mtd_partition_t mtd_partitions[] = {
    {
        .partition_name = "APPLICATION_B",
        .partition_name_std = MTD_PART_NAME_KERNEL2,
        .partition_start_addr = 0x194000,
        .partition_length = 0x180000,
        .partition_options = 0,
    },
    {
        .partition_name = "PARAMETER2(KV)",
        .partition_name_std = MTD_PART_NAME_KV,
        .partition_start_addr = 0x3FD000,
        .partition_length = 0x2000,
        .partition_options = 0,
    },
};
const int mtd_partitions_amount = (sizeof(mtd_partitions) / sizeof(mtd_partition_t));
