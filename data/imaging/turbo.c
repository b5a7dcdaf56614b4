#include "turbo.h"

#include <stdio.h>

static int report(int status, tjhandle handle, imaging_problem *problem) {
    if (status == 0) return 0;
    problem->warning = tjGetErrorCode(handle) == TJERR_WARNING;
    snprintf(problem->text, sizeof problem->text, "%s", tjGetErrorStr2(handle));
    return -1;
}

int imaging_jpeg_header(tjhandle handle, const unsigned char *data, unsigned long size, int *width,
                        int *height, int *subsampling, int *colorspace, imaging_problem *problem) {
    int status = tjDecompressHeader3(handle, data, size, width, height, subsampling, colorspace);
    return report(status, handle, problem);
}

// The accurate DCT is what Pillow uses; the limit on progressive scans stops
// files made to decode for hours.
int imaging_jpeg_decode(tjhandle handle, const unsigned char *data, unsigned long size,
                        unsigned char *pixels, int width, int height, int format, int flags,
                        imaging_problem *problem) {
    flags |= TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
    int status = tjDecompress2(handle, data, size, pixels, width, 0, height, format, flags);
    return report(status, handle, problem);
}

int imaging_jpeg_encode(tjhandle handle, const unsigned char *rgb, int width, int height,
                        int quality, unsigned char *out, unsigned long *size,
                        imaging_problem *problem) {
    int status = tjCompress2(handle, rgb, width, 0, height, TJPF_RGB, &out, size, TJSAMP_420,
                             quality, TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC);
    return report(status, handle, problem);
}
