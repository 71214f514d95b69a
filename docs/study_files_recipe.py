"""What docs/study-files.md says of a recipe beside its settings."""

AUGMENTATION = """## Augmentation

`augment` lists random changes of the training images, applied one after the other before an image
is trained on. Each is drawn anew in every epoch, from a stream of the run's seed, the kind of
change and the image. So an image looks the same in every variant that has the change, whatever the
batch size and the number of images, with every engine and after a resume. Pixels are computed in
integers, bit-identical on every machine. Test and validation images are left as they are. The
report shows examples.

| `augment` | what it does |
| --- | --- |
| `crop 4` | Adds 4 black pixels on each side; cuts out the old size at a random place. |
| `shift 2` | Moves by up to 2 pixels along each axis; the image, mirrored, fills what is left. |
| `flip` | Exchanges left and right in half of the images. |
| `cutout 8` | Makes a square black; its center is any pixel, so it may be cut off (DeVries 2017). |
| `rotate 10` | Rotates by up to 10 degrees either way, bilinear; the corners become black. |

"""
