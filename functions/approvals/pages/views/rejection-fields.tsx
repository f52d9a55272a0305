import { commentMaxCharacters, rejectReasons } from '../../approval.ts';
import { rejectReason } from '../../words.ts';

/** Why not: one of the typed reasons, and free text. */
export function RejectionFields() {
  return (
    <>
      <fieldset>
        <legend>What is wrong?</legend>
        {rejectReasons.map((reason) => (
          <label class="choice">
            <input type="radio" name="reason" value={reason} required /> {rejectReason(reason)}
          </label>
        ))}
      </fieldset>
      <label class="field">
        Comment{' '}
        <span class="soft small">
          (at most {commentMaxCharacters} characters; only “{rejectReason('other')}” needs one)
        </span>
        <textarea name="comment" maxlength={commentMaxCharacters} />
      </label>
    </>
  );
}
