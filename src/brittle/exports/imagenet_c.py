"""The tree of ImageNet-C: KIND/LEVEL/CLASS/FILE, levels numbered from 1."""

from brittle.exports.export import Exported

README = """\
KIND/LEVEL/CLASS/FILE, as in ImageNet-C; LEVEL counts from 1: {levels}.
clean/CLASS/FILE are the untouched counterparts, of the same names.
CLASS is the class index of classes.json, with leading zeros; class_map.txt has all of them in order, so
that classes without an image keep their number:

  timm         validate.py KIND/LEVEL --class-map class_map.txt
  torchvision  ImageFolder numbers the folders that it finds: pass target_transform, or use brittle score
  RobustBench  its loader wants the folders of ImageNet, n01440764 and so on: rename each CLASS to the wnid
               of its index, which this set does not know
"""


def imagenet_c(exported: Exported) -> None:
    """The tree of ImageNet-C (KIND/LEVEL/CLASS/FILE), as timm and other loaders read it."""
    folders = [one.folder for one in exported.hard.classes]
    for part in exported.parts():
        place = f"{part.kind}/{part.number}" if part.level else part.kind
        for image in part.inputs:
            folder = folders[image.source.label]
            exported.write(f"{place}/{folder}/{image.name}", exported.files.read(image.file))
    levels = ", ".join(f"{k} is {one.name}" for k, one in enumerate(exported.hard.about.levels, 1))
    exported.write("class_map.txt", "".join(f"{folder}\n" for folder in folders))
    exported.write("classes.json", exported.hard.read("classes.json"))
    exported.write("README.txt", README.format(levels=levels))
