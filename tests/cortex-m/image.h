/* image.h -- the parts of the image that runs on the board. */
#ifndef IMPRINT_IMAGE_H
#define IMPRINT_IMAGE_H

void claims_of_toy(void);

#endif
