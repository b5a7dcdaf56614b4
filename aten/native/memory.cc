// Memory for tensors on the CPU comes from malloc, which gives what is free at the top of its heap back to the system at
// once, so that every training step has its pages made and zeroed anew: up to half of a step's time on some machines.
#include "guard.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

void tfa_keep_memory(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest that glibc allows: bigger blocks still go back when they are freed
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
}
