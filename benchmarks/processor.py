"""What this processor can do that decides which peers are worth timing"""

from pathlib import Path

BFLOAT16 = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16"}
CPU_INFO = Path("/proc/cpuinfo")


def bfloat16_units(cpu_info: Path = CPU_INFO) -> list[str]:
    """What multiplies matrices of bfloat16 in hardware here; none where the system does not say."""
    if not cpu_info.exists():
        return []
    flags = next((line.split() for line in cpu_info.read_text(encoding="utf-8").splitlines()
                  if line.startswith("flags")), [])
    return [name for flag, name in BFLOAT16.items() if flag in flags]
