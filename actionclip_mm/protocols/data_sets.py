"""The lists of each data set as its preparation tool names them, and their published twins."""

from .protocol import Videos

NAMES = dict(
    kinetics400='Kinetics-400',
    kinetics600='Kinetics-600',
    ucf101='UCF101',
    hmdb51='HMDB51',
    ssv2='Something-Something V2',
    charades='Charades',
    mini='mini benchmark',
)

SPLITS = ('ucf101', 'hmdb51')
# Published number of all videos.
ALL = dict(ucf101=13320, hmdb51=6766)

KINETICS400_TRAIN = Videos(('kinetics400_train_list_videos.txt',), folder='videos_train')
KINETICS400_VAL = Videos(
    ('kinetics400_val_list_videos.txt',),
    folder='videos_val',
    published=tuple(
        f'kinetics400_val_{whose}' for whose in ('actionclip', 'text4vis', 'vifi_clip')
    ),
)
SSV2_TRAIN = Videos(('ssv2_train_list_videos.txt',))
SSV2_VAL = Videos(('ssv2_val_list_videos.txt',), published=('ssv2_val',))


def split_train(dataset: str, number: int) -> Videos:
    """Training videos of split 1, 2 or 3 of UCF101 or HMDB51."""
    published = (f'{dataset}_train_split_{number}',)
    return Videos((f'{dataset}_train_split_{number}_videos.txt',), published=published)


def split_test(dataset: str, number: int) -> Videos:
    """Test videos of split 1, 2 or 3 of UCF101 or HMDB51."""
    published = (f'{dataset}_test_split_{number}',)
    return Videos((f'{dataset}_val_split_{number}_videos.txt',), published=published)


def all_videos(dataset: str) -> Videos:
    """All videos of UCF101 or HMDB51."""
    return Videos((f'{dataset}_all_videos.txt',), published=(f'{dataset}_all',))
