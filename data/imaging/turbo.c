#include "turbo.h"

#include <stdio.h>

// Memory checkers do not know where Go's slices end. For them (scripts/fuzz.sh
// --memcheck) TurboJPEG works on copies of its buffers that malloc made.
#ifdef IMAGING_GUARDED
#include <stdlib.h>
#include <string.h>

static unsigned char *guarded(const unsigned char *buffer, size_t size) {
    unsigned char *copy = malloc(size);
    return copy == NULL ? abort(), copy : memcpy(copy, buffer, size);
}

static void unguarded(unsigned char *copy, unsigned char *buffer, size_t size) {
    if (buffer != NULL) memcpy(buffer, copy, size);
    free(copy);
}
#else
static unsigned char *guarded(const unsigned char *buffer, size_t size) {
    (void)size;
    return (unsigned char *)buffer;
}

static void unguarded(unsigned char *copy, unsigned char *buffer, size_t size) {
    (void)copy, (void)buffer, (void)size;
}
#endif

static int report(int status, tjhandle handle, imaging_problem *problem) {
    if (status == 0) return 0;
    problem->warning = tjGetErrorCode(handle) == TJERR_WARNING;
    snprintf(problem->text, sizeof problem->text, "%s", tjGetErrorStr2(handle));
    return -1;
}

int imaging_jpeg_header(tjhandle handle, const unsigned char *data, unsigned long size, int *width,
                        int *height, int *subsampling, int *colorspace, imaging_problem *problem) {
    unsigned char *file = guarded(data, size);
    int status = tjDecompressHeader3(handle, file, size, width, height, subsampling, colorspace);
    unguarded(file, NULL, 0);
    return report(status, handle, problem);
}

// The accurate DCT is what Pillow uses; the limit on progressive scans stops
// files made to decode for hours.
int imaging_jpeg_decode(tjhandle handle, const unsigned char *data, unsigned long size,
                        unsigned char *pixels, int width, int height, int format, int flags,
                        imaging_problem *problem) {
    flags |= TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
    size_t image = (size_t)tjPixelSize[format] * width * height;
    unsigned char *file = guarded(data, size), *out = guarded(pixels, image);
    int status = tjDecompress2(handle, file, size, out, width, 0, height, format, flags);
    unguarded(out, pixels, image);
    unguarded(file, NULL, 0);
    return report(status, handle, problem);
}

int imaging_jpeg_encode(tjhandle handle, const unsigned char *rgb, int width, int height,
                        int quality, unsigned char *out, unsigned long *size,
                        imaging_problem *problem) {
    size_t image = (size_t)3 * width * height, room = *size;
    unsigned char *picture = guarded(rgb, image), *file = guarded(out, room);
    int status = tjCompress2(handle, picture, width, 0, height, TJPF_RGB, &file, size, TJSAMP_420,
                             quality, TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC);
    unguarded(file, out, room);
    unguarded(picture, NULL, 0);
    return report(status, handle, problem);
}
