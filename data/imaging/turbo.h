// TurboJPEG calls that report their own problem. TurboJPEG keeps most messages
// per thread, and Go may run a goroutine's next call on another thread: call
// and message must be one step.
#ifndef TRANSFERA_IMAGING_TURBO_H
#define TRANSFERA_IMAGING_TURBO_H

#include <turbojpeg.h>

typedef struct {
    char text[256];
    int warning; // the image was decoded nevertheless
} imaging_problem;

// Each returns 0, or -1 with the problem. Pixels are packed rows.
int imaging_jpeg_header(tjhandle handle, const unsigned char *data, unsigned long size, int *width,
                        int *height, int *subsampling, int *colorspace, imaging_problem *problem);
int imaging_jpeg_decode(tjhandle handle, const unsigned char *data, unsigned long size,
                        unsigned char *pixels, int width, int height, int format, int flags,
                        imaging_problem *problem);
int imaging_jpeg_encode(tjhandle handle, const unsigned char *rgb, int width, int height,
                        int quality, unsigned char *out, unsigned long *size,
                        imaging_problem *problem);

#endif
